"""Where a sentence or a clause ends in what is being written, and which marks end none: Dr., 3.5, U.S., https://."""

from __future__ import annotations

import re
from enum import IntEnum

from vtuber.core.text import is_cjk, is_unspaced
from vtuber.voice.pieces.words import OPENERS

_ENDS = ".!?。！？"
_CLAUSES = ",;:，；：、…—～"
_SURE = "。！？，；：、…—～"  # end a clause without a space behind them
_MARKS = _ENDS + _CLAUSES
_EMOJI = "\u200d\u20e3\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
# A clause's marks and what stays with them: closing quotes and brackets, emoji, white space.
_TAIL = re.compile(rf"([{re.escape(_MARKS)}]+)([^\w{re.escape(_MARKS + OPENERS)}]*)$")
# What belongs to the word that follows: what opens something, and other signs without a space behind them.
_HEAD = re.compile(rf"(?:[{re.escape(OPENERS)}]|(?<=\s)[^\w\s{_EMOJI}])[^\w\s]*$")
_SENTENCE_WORD = re.compile(r"[^\W\d_][^\W\d_A-Z]{2}\.+$")  # no Ph.D., no ASP.NET
_BEGINS = "¿¡“"
_LAST_WORD = re.compile(r"[A-Za-z0-9.]*$")
_ABBREVIATIONS = re.compile(
    r"mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|eg|ie|inc|ltd|co|corp|dept|est|approx|fig|vol|ch|pp|gen|col|sgt|lt"
    r"|capt|gov|sen|rep|rev|hon|mt|ft|ave|blvd|rd|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec",
    re.IGNORECASE,
)


class Break(IntEnum):
    """What a place where the text may be cut is the end of."""

    CLAUSE = 1
    SENTENCE = 2


def break_before(text: str, char: str) -> tuple[int, Break | None]:
    """Where in ``text`` something ends behind which ``char`` begins the next word, and what; None: nothing.

    Signs before the word are the next piece's where they open it, else the last one's, as emoji.
    """
    if not text or not char.isalnum():
        return 0, None
    head = _HEAD.search(text)
    at = head.start() if head else len(text)
    tail = _TAIL.search(text[:at])
    if "\n" in (tail.group(2) if tail else text[len(text[:at].rstrip()) : at]):
        return at, Break.SENTENCE
    if not tail:
        return 0, None
    first = " " if tail.group(2)[-1:].isspace() else text[at:][:1] or char
    return at, _break_after(tail.group(1), text[: tail.start()], first)


def _break_after(marks: str, before: str, char: str) -> Break | None:
    if (
        not char.isspace()
        and (
            not (marks[-1] in _SURE or is_cjk(char))  # 3.5, 1,000, 10:30, U.S, example.com
            or (char.isdigit() and before[-1:].isdigit())  # 10：30
            or (marks.isascii() and _in_address(before))
        )
    ):
        return None
    if marks == "." and is_abbreviated(before):
        return None
    if marks == "." or any(mark in "!?。！？" for mark in marks):
        return Break.SENTENCE
    return Break.CLAUSE


def is_mark(char: str) -> bool:
    """Whether a clause or a sentence may end with it."""
    return char in _MARKS


def ends_sentence(text: str) -> bool:
    """Whether a sentence ends with it, and not only an abbreviation."""
    tail = _TAIL.search(text)
    if not tail or not any(mark in "." + "!?。！？…～" for mark in tail.group(1)):
        return False
    return tail.group(1) != "." or not is_abbreviated(text[: tail.start()])


def lacks_space(text: str, char: str) -> bool:
    """Whether ``char`` begins a sentence right behind another: "know…Maybe", "really!You"."""
    mark = text[-1:]
    if (
        mark not in "!?…."
        or not mark
        or not (char.isalnum() or char in _BEGINS)
        or is_cjk(char)
        or _in_address(text)
    ):
        return False
    before = text.rstrip(".…!?！？")[-1:]
    if not before or is_unspaced(before):
        return False
    if mark == ".":
        return (char.isupper() or char in _BEGINS) and bool(_SENTENCE_WORD.search(text))
    return mark != "?" or not char.isdigit()


def is_abbreviated(before: str) -> bool:
    """Whether a full stop after ``before`` belongs to its last word: Dr, U.S, a.m, a number in a list."""
    match = _LAST_WORD.search(before)
    word = match.group() if match else ""
    if word.isdigit():
        return word == before.strip()
    last = word.rpartition(".")[2]
    return (len(last) == 1 and word != "I") or bool(_ABBREVIATIONS.fullmatch(word.replace(".", "")))


def _in_address(before: str) -> bool:
    word = before.rpartition(" ")[2]
    return "://" in word or "www." in word
