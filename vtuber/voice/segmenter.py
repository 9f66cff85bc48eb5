"""Cuts a reply into pieces while it is still being written, for English and Chinese mixed.

A short first piece lets her start early; each later one may be longer, because the one before is still
being heard. Decisions are made character by character, so how the text was chunked never matters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum

from vtuber.core.text import is_cjk, space_between
from vtuber.voice.markup import Markup, Mood

CJK_WEIGHT = 2.5
"""A Chinese character takes about as long to say as this many Latin ones."""

LONGEST = 160
"""No piece weighs much more: one weight is one Latin character."""

SHORTEST = 12.0
"""No piece is cut at a word before it weighs so much."""

_ENDS = ".!?。！？"
_CLAUSES = ",;:，；：、…—～"
_SURE = "。！？，；：、…—～"  # end a clause without a space behind them
_PICTURES = frozenset(("So", "Sk", "Cs", "Co", "Cn", "Cc"))
_OPENERS = "“‘「『（《【〈([{"
_MARKS = _ENDS + _CLAUSES
# A clause's marks and what stays with them: closing quotes and brackets, emoji.
_TAIL = re.compile(rf"([{re.escape(_MARKS)}]+)[^\w\s{re.escape(_MARKS + _OPENERS)}]*$")
_LAST_WORD = re.compile(r"[A-Za-z0-9.]*$")
_ABBREVIATIONS = re.compile(
    r"mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|eg|ie|inc|ltd|co|corp|dept|est|approx|fig|vol|ch|pp|gen|col|sgt|lt"
    r"|capt|gov|sen|rep|rev|hon|mt|ft|ave|blvd|rd|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    """One line, never empty, with something to pronounce in it."""
    mood: str
    """The last mood tag before it; "" when there was none."""
    fallback: bool = False
    """It is one of her fallback lines, which answer nothing."""
    space: str = " "
    """The white space between it and the piece before: one space or none, as it was written."""


class _Break(IntEnum):
    WORD = 1
    CLAUSE = 2
    SENTENCE = 3


def weight(text: str) -> float:
    """How long the text takes to say, in Latin characters."""
    return sum(CJK_WEIGHT if is_cjk(char) else 1.0 for char in text)


def speakable(text: str) -> str:
    """What a voice should be given: without emoji and the like, and without words that are only symbols."""
    kept = "".join(char for char in text if not _is_picture(char))
    return " ".join(word for word in kept.split() if word in "&+=" or any(map(str.isalnum, word)))


def _is_picture(char: str) -> bool:
    """Emoji and their joiners, ornaments, control and unassigned characters."""
    return char in "\u200d\ufe0e\ufe0f\u20e3" or unicodedata.category(char) in _PICTURES


class SentenceSegmenter:
    """Fed with text as it streams; gives pieces as early as they are safe to speak.

    Mood tags (``[happy]``, one of ``moods``), stage directions and marks of emphasis are taken out. A mood
    lasts until the next tag.
    """

    def __init__(self, moods: Collection[str] = (), first_piece: int = 24) -> None:
        self._markup = Markup(moods)
        self._first_piece = float(first_piece)
        self._mood = ""
        self._ready: list[Piece] = []
        self._least = self._wish = 6.0
        self._limit = self._first_piece
        self._first = True
        self._space = ""  # before the piece that is being written
        self._last = ""  # the piece before that
        self._begin()

    def feed(self, text: str) -> list[Piece]:
        for char in text:
            self._read(self._markup.feed(char))
        return self._take()

    def finish(self) -> list[Piece]:
        """The rest. What was only symbols is dropped, and so is a tag that was never finished."""
        self._read(self._markup.finish())
        self._cut(len(self._text))
        return self._take()

    def hurry(self, weight: float) -> None:
        """The piece that is being written should get no longer than by about so much; see ``voice.pace``."""
        limit = max(SHORTEST, self._weight + weight)
        if limit < self._limit:
            self._limit, self._wish = limit, min(self._wish, 0.4 * limit)

    def _read(self, found: Iterable[str | Mood]) -> None:
        for item in found:
            if isinstance(item, Mood):
                self._cut(len(self._text))
                self._mood = item.name
            else:
                self._add(item)

    def _take(self) -> list[Piece]:
        ready, self._ready = self._ready, []
        return ready

    # Cutting.

    def _begin(self) -> None:
        self._text = ""
        self._weight = 0.0
        self._spots: dict[_Break, tuple[int, float]] = {}

    def _add_all(self, text: str) -> None:
        for char in text:
            self._add(char)

    def _add(self, char: str) -> None:
        if not self._text and char.isspace():
            self._space = self._space or char
            return
        found = self._break_before(char)
        if found:
            if self._weight >= self._enough_for(found) and self._cut(len(self._text)):
                self._add(char)
                return
            self._spots[found] = (len(self._text), self._weight)
        if char.isspace() and self._text[-1].isspace():
            return
        self._text += char
        self._weight += CJK_WEIGHT if is_cjk(char) else 1.0
        if self._weight > self._limit and not char.isspace():
            self._cut_long()

    def _enough_for(self, found: _Break) -> float:
        """How heavy a piece must be to end here."""
        enough = {_Break.SENTENCE: self._least, _Break.CLAUSE: self._wish, _Break.WORD: self._limit}[found]
        return max(enough, 4 * CJK_WEIGHT) if self._first and any(map(is_cjk, self._text)) else enough

    def _break_before(self, char: str) -> _Break | None:
        """What ends where ``char``, which is not yet part of the text, begins."""
        text = self._text
        if not text or char in _MARKS:
            return None
        if char == "\n":
            return _Break.SENTENCE
        tail = _TAIL.search(text)
        if tail:
            return self._break_after(tail.group(1), text[: tail.start()], char)
        return _Break.WORD if _is_word_end(text, char) else None

    def _break_after(self, marks: str, before: str, char: str) -> _Break | None:
        if (
            not char.isspace()
            and (
                not (marks[-1] in _SURE or is_cjk(char))  # 3.5, 1,000, 10:30, U.S, example.com
                or not (char.isalnum() or char in _OPENERS)  # a closing quote, an emoji
                or (char.isdigit() and before[-1:].isdigit())  # 10：30
                or (marks.isascii() and _in_address(before))
            )
        ):
            return None
        if marks == "." and is_abbreviated(before):
            return None
        if marks == "." or any(mark in "!?。！？" for mark in marks):
            return _Break.SENTENCE
        return _Break.CLAUSE

    def _cut_long(self) -> None:
        """Too long to wait on: cut at the best spot passed so far, or, in an endless word, right here."""
        for kind, share in ((_Break.SENTENCE, 0.4), (_Break.CLAUSE, 0.4), (_Break.WORD, 0.5)):
            spot, heavy = self._spots.get(kind, (0, 0.0))
            if heavy >= self._limit * share and self._cut_at(spot):
                return
        patience = self._first_piece if self._first else 40.0
        if self._weight > self._limit + patience and not self._cut(len(self._text)):
            self._begin()

    def _cut_at(self, spot: int) -> bool:
        rest = self._text[spot:]
        if not self._cut(spot):
            return False
        self._add_all(rest)
        return True

    def _cut(self, spot: int) -> bool:
        """Ends a piece at ``spot`` if there is something to pronounce before it; the rest is forgotten."""
        taken = self._text[:spot]
        text = " ".join(taken.split())
        if not any(map(str.isalnum, text)):
            return False
        space = " " if self._space and self._last else ""
        if self._space == "\n":  # written between lines of Chinese, too, where a space would be wrong
            space = space_between(self._last, text)
        self._ready.append(Piece(text, self._mood, space=space))
        self._last, self._space = text, taken[len(taken.rstrip()) :]
        self._grow(weight(text))
        self._begin()
        return True

    def _grow(self, said: float) -> None:
        """What was just cut is heard for a while: the next piece may take about that long to be written."""
        self._least = 10.0
        grown = max(28.0, 2.5 * said)
        self._limit = min(LONGEST, grown if self._first else max(self._limit, grown))
        self._wish = min(120.0, 0.6 * self._limit)
        self._first = False


def _is_word_end(text: str, char: str) -> bool:
    """Whether ``text`` could be parted from ``char`` without breaking a word, a number or a title."""
    last = text[-1]
    if char.isspace() or not (char.isalnum() or char in _OPENERS):
        return False
    if last.isspace():
        kept = text.rstrip()
        return kept[-1] not in _OPENERS and not (kept[-1] == "." and is_abbreviated(kept[:-1]))
    return (is_cjk(last) or is_cjk(char)) and last not in _OPENERS


def is_abbreviated(before: str) -> bool:
    """Whether a full stop behind ``before`` belongs to its last word: Dr, U.S, a.m, a list's number."""
    match = _LAST_WORD.search(before)
    word = match.group() if match else ""
    if word.isdigit():
        return word == before.strip()
    last = word.rpartition(".")[2]
    return (len(last) == 1 and word != "I") or bool(_ABBREVIATIONS.fullmatch(word.replace(".", "")))


def _in_address(before: str) -> bool:
    word = before.rpartition(" ")[2]
    return "://" in word or "www." in word
