"""Cuts a reply into pieces while it is being written, in English and Chinese mixed.

The first piece is short, so that speech begins early. Each later one may be longer, because the one before is
still being heard. The text is read character by character, so it does not matter how it was chunked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum

from vtuber.core.text import is_cjk, is_unspaced, space_between
from vtuber.voice.markup import MarkupParser, Mood
from vtuber.voice.moods import mood_of
from vtuber.voice.speakable import CJK_WEIGHT, weight

LONGEST = 160
"""The weight of a long piece (see ``speakable.weight``). None weighs much more."""

SHORTEST = 12.0
"""The least weight at which a piece may end between two words."""

_ENDS = ".!?。！？"
_CLAUSES = ",;:，；：、…—～"
_SURE = "。！？，；：、…—～"  # end a clause without a space behind them
_OPENERS = "“‘「『（《【〈([{"
_MARKS = _ENDS + _CLAUSES
# A clause's marks and what stays with them: closing quotes and brackets, emoji.
_TAIL = re.compile(rf"([{re.escape(_MARKS)}]+)[^\w\s{re.escape(_MARKS + _OPENERS)}]*$")
_SENTENCE_WORD = re.compile(r"[^\W\d_][^\W\d_A-Z]{2}\.+$")  # no Ph.D., no ASP.NET
_BEGINS = "¿¡“"
_LAST_WORD = re.compile(r"[A-Za-z0-9.]*$")
_ABBREVIATIONS = re.compile(
    r"mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|eg|ie|inc|ltd|co|corp|dept|est|approx|fig|vol|ch|pp|gen|col|sgt|lt"
    r"|capt|gov|sen|rep|rev|hon|mt|ft|ave|blvd|rd|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence of the reply, or a part of one, that is spoken in one go."""

    text: str
    """One line, with something to pronounce in it."""
    mood: str
    """The mood of its sentence: by the last tag, or by its words in a reply without tags; "" for none."""
    is_guess: bool = False
    """Its mood is only what its words show."""
    fallback: bool = False
    """It is one of her fallback lines, which answer nothing."""
    space: str = " "
    """The white space between it and the piece before: one space or none, as it was written."""


class _Break(IntEnum):
    """What a place where the text may be cut is the end of."""

    WORD = 1
    CLAUSE = 2
    SENTENCE = 3


class SentenceSegmenter:
    """Takes text as it streams; gives pieces as soon as it is certain where they end.

    Mood tags (``[happy]``, one of ``moods``), stage directions and marks of emphasis are taken out. A mood
    lasts until the next tag; without any, each sentence has the one that its words show. The first piece
    weighs about ``first_piece``.
    """

    def __init__(self, moods: Collection[str] = (), first_piece: int = 24) -> None:
        self._markup = MarkupParser(moods)
        self._moods = tuple(mood.lower() for mood in moods)
        self._first_piece = float(first_piece)
        self._mood = ""  # by the last tag
        self._later = ""  # by one that came when its sentence had a mood
        self._tagged = self._tagged_here = False
        self._sentence_mood = ""
        self._sentence_over = True  # at the end of the piece before
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
        """The rest. Symbols alone are dropped, and so is a tag that was never closed."""
        self._read(self._markup.finish())
        self._cut(len(self._text))
        return self._take()

    def hurry(self, weight: float) -> None:
        """Lets the piece that is being written grow by no more than about ``weight``; see ``voice.pace``."""
        limit = max(SHORTEST, self._weight + weight)
        if limit < self._limit:
            self._limit, self._wish = limit, min(self._wish, 0.4 * limit)

    def _read(self, found: Iterable[str | Mood]) -> None:
        for item in found:
            if isinstance(item, Mood):
                self._feel(item.name)
            else:
                self._add(item)

    def _feel(self, mood: str) -> None:
        """Takes a tag. No sentence has two moods: in the middle of one that has, it is for the next."""
        text = self._text.strip()
        if _ends_sentence(text):
            self._cut(len(self._text))
        elif (text and self._tagged_here) or (not self._sentence_over and self._sentence_mood):
            self._later = mood
            return
        self._tagged = self._tagged_here = True
        self._mood, self._later = mood, ""

    def _take(self) -> list[Piece]:
        ready, self._ready = self._ready, []
        return ready

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
        if _lacks_space(self._text, char):
            self._add(" ")
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
        """The least weight of a piece that ends at such a break."""
        enough = {_Break.SENTENCE: self._least, _Break.CLAUSE: self._wish, _Break.WORD: self._limit}[found]
        return max(enough, 4 * CJK_WEIGHT) if self._first and any(map(is_cjk, self._text)) else enough

    def _break_before(self, char: str) -> _Break | None:
        """What ends between the text and ``char``, which follows it; None when nothing does."""
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
        """Cuts a text that is too long at the best spot so far or, in an endless word, right here."""
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
        """Ends a piece at ``spot`` if there is something to pronounce before it. Forgets the text behind."""
        taken = self._text[:spot]
        text = " ".join(taken.split())
        if not any(map(str.isalnum, text)):
            return False
        space = " " if self._space and self._last else ""
        if self._space == "\n":  # written between lines of Chinese, too, where a space would be wrong
            space = space_between(self._last, text)
        mood = self._mood_of(text)
        is_guess = bool(mood) and not self._tagged
        self._ready.append(Piece(text, mood, is_guess=is_guess, space=space))
        self._last, self._space = text, taken[len(taken.rstrip()) :]
        self._grow(weight(text))
        self._begin()
        return True

    def _mood_of(self, text: str) -> str:
        """The mood of a piece: its sentence's, by a tag; where the reply has no tags, by what is said."""
        if self._sentence_over:
            self._sentence_mood = ""
        self._sentence_mood = self._sentence_mood or self._mood
        if not self._tagged:
            self._sentence_mood = self._sentence_mood or mood_of(text, self._moods)
        mood, self._sentence_over = self._sentence_mood, _ends_sentence(text)
        if self._sentence_over:
            self._mood, self._later = self._later or self._mood, ""
            self._tagged_here = False
        return mood

    def _grow(self, said: float) -> None:
        """A piece of weight ``said`` was cut. While it is heard, a longer one can be written."""
        self._least = 10.0
        grown = max(28.0, 2.5 * said)
        self._limit = min(LONGEST, grown if self._first else max(self._limit, grown))
        self._wish = min(120.0, 0.6 * self._limit)
        self._first = False


def _ends_sentence(text: str) -> bool:
    """Whether a sentence ends with it, and not only an abbreviation."""
    tail = _TAIL.search(text)
    if not tail or not any(mark in "." + "!?。！？…～" for mark in tail.group(1)):
        return False
    return tail.group(1) != "." or not is_abbreviated(text[: tail.start()])


def _lacks_space(text: str, char: str) -> bool:
    """Whether ``char`` begins a sentence right behind another: "know…Maybe", "really!You"."""
    mark = text[-1:]
    if (
        mark not in "!?….！？"
        or not mark
        or not (char.isalnum() or char in _BEGINS)
        or is_unspaced(char)
        or _in_address(text)
    ):
        return False
    before = text.rstrip(".…!?！？")[-1:]
    if not before or is_unspaced(before):
        return False
    if mark == ".":
        return (char.isupper() or char in _BEGINS) and bool(_SENTENCE_WORD.search(text))
    return mark != "?" or not char.isdigit()


def _is_word_end(text: str, char: str) -> bool:
    """Whether a cut between ``text`` and ``char`` would break no word, number or title."""
    last = text[-1]
    if char.isspace() or not (char.isalnum() or char in _OPENERS):
        return False
    if last.isspace():
        kept = text.rstrip()
        return kept[-1] not in _OPENERS and not (kept[-1] == "." and is_abbreviated(kept[:-1]))
    return (is_unspaced(last) or is_unspaced(char)) and last not in _OPENERS


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
