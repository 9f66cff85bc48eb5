"""Cuts a reply into pieces while it is being written, in English and Chinese mixed.

The first piece is short, so that speech begins early. Each later one may be longer, because the one before is
still being heard. Where no mark ends a clause, it is cut between phrases (``voice.words``), never in a word.
The text is read character by character, so it does not matter how it was chunked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from vtuber.core.text import is_cjk, space_between
from vtuber.voice.pieces.breaks import (
    Break,
    break_before,
    ends_sentence,
    is_abbreviated,
    is_mark,
    lacks_space,
)
from vtuber.voice.pieces.markup import MarkupParser, Mood
from vtuber.voice.pieces.moods import mood_of
from vtuber.voice.pieces.words import borders, joins
from vtuber.voice.reading.pictures import is_picture
from vtuber.voice.reading.speakable import CJK_WEIGHT, weight

LONGEST = 100
"""The weight of a long piece (see ``speakable.weight``): seven or eight seconds. None weighs much more."""

SHORTEST = 12.0
"""The least weight at which a piece may end between two words."""

_EMOJI_LEFT = 32
"""Characters of emoji at the end of a reply, at most, that are shown by themselves."""

_UNWILLING = 10.0
"""So much more is written before words are parted that belong together, as a number and what it counts."""

_LINE_BREAK = re.compile(r"\s*\n\s*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence of the reply, or a part of one, that is spoken in one go."""

    text: str
    """One line, with something to pronounce in it, but for emoji at the end of a reply."""
    mood: str
    """The mood of its sentence: by the last tag, or by its words in a reply without tags; "" for none."""
    is_guess: bool = False
    """Its mood is only what its words show."""
    fallback: bool = False
    """It is one of her fallback lines, which answer nothing."""
    space: str = " "
    """The white space between it and the piece before: one space or none, as it was written."""


class SentenceSegmenter:
    """Takes text as it streams; gives pieces as soon as it is certain where they end.

    Mood tags (``[happy]``, one of ``moods``), stage directions and marks of emphasis are taken out. A mood
    lasts until the next tag; without any, each sentence has the one that its words show. The first piece
    weighs about ``first_piece``. None of ``names`` is cut.
    """

    def __init__(
        self, moods: Collection[str] = (), first_piece: int = 24, names: Collection[str] = ()
    ) -> None:
        self._names = tuple(name for name in names if len(name) > 1)
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
        """The rest. Symbols alone are dropped, and so is a tag that was never closed.

        Emoji behind a piece that was given out already are a piece of their own, which is only shown.
        """
        self._read(self._markup.finish())
        if not self._cut(len(self._text)) and self._last and _is_emoji(self._text):
            mood, space = self._mood_of(self._text), " " if self._space else ""
            self._ready.append(Piece(_one_line(self._text), mood, space=space))
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
        if ends_sentence(text):
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
        self._spots: dict[Break, tuple[int, float]] = {}

    def _add_all(self, text: str) -> None:
        for char in text:
            self._add(char)

    def _add(self, char: str) -> None:
        if not self._text and char.isspace():
            self._space = self._space or char
            return
        if lacks_space(self._text, char):
            self._add(" ")
        at, found = break_before(self._text, char)
        if found:
            heavy = weight(self._text[:at])
            if heavy >= self._enough_for(found) and self._cut_at(at):
                self._add(char)
                return
            self._spots[found] = (at, heavy)
        if char.isspace() and self._text[-1].isspace():
            if char == "\n":
                self._text = f"{self._text[:-1]}\n"
            return
        if self._text and self._is_endless(char):
            if not self._cut(len(self._text)):
                self._begin()
            self._add(char)
            return
        self._text += char
        self._weight += CJK_WEIGHT if is_cjk(char) else 1.0
        if self._weight > self._limit and not (char.isspace() or is_mark(char)):
            self._cut_long()  # behind a mark the next letter shows whether all of this ends there

    def _enough_for(self, found: Break) -> float:
        """The least weight of a piece that ends at such a break."""
        enough = {Break.SENTENCE: self._least, Break.CLAUSE: self._wish}[found]
        return max(enough, 4 * CJK_WEIGHT) if self._first and any(map(is_cjk, self._text)) else enough

    def _cut_long(self) -> None:
        """Cuts a text that is too long at the best spot so far."""
        for kind in (Break.SENTENCE, Break.CLAUSE):
            spot, heavy = self._spots.get(kind, (0, 0.0))
            if heavy >= self._limit * 0.4 and self._cut_at(spot):
                return
        if (spot := self._word_spot()) and self._cut_at(spot):
            return

    def _word_spot(self) -> int:
        """The last border between two phrases, or between two words after a while; 0 without any."""
        good = other = 0
        for border in borders(self._text, self._names):
            before = self._text[: border.at].rstrip()
            is_title = before[-1] == "." and is_abbreviated(before[:-1])
            if is_title or weight(before) < 0.5 * self._limit:
                continue
            if border.is_good:
                good = border.at
            else:
                other = border.at
        return good or (other if self._weight > self._limit + _UNWILLING else 0)

    def _is_endless(self, char: str) -> bool:
        """Whether it has gone on for so long without a spot that it is cut here, before ``char``."""
        more = self._weight - self._limit - (self._first_piece if self._first else 40.0)
        return more > (20.0 if joins(self._text[-1], char) else 0.0)

    def _cut_at(self, spot: int) -> bool:
        rest = self._text[spot:]
        if not self._cut(spot):
            return False
        self._add_all(rest)
        return True

    def _cut(self, spot: int) -> bool:
        """Ends a piece at ``spot`` if there is something to pronounce before it. Forgets the text behind."""
        taken = self._text[:spot]
        text = _one_line(taken)
        if not any(map(str.isalnum, text)):
            return False
        space = " " if self._space and self._last else ""
        if "\n" in self._space:  # written between lines of Chinese, too, where a space would be wrong
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
        mood, self._sentence_over = self._sentence_mood, ends_sentence(text)
        if self._sentence_over:
            self._mood, self._later = self._later or self._mood, ""
            self._tagged_here = False
        return mood

    def _grow(self, said: float) -> None:
        """A piece of weight ``said`` was cut. While it is heard, a longer one can be written."""
        self._least = 10.0
        grown = max(28.0, 2.5 * said)
        self._limit = min(LONGEST, grown if self._first else max(self._limit, grown))
        self._wish = 0.6 * self._limit
        self._first = False


def _is_emoji(text: str) -> bool:
    """Whether there are a few emoji in it, and nothing else that is worth showing."""
    return len(text) <= _EMOJI_LEFT and any(map(is_picture, text))


def _one_line(text: str) -> str:
    """With single spaces for all white space, and without a space where lines of Chinese meet."""
    if "\n" in text:
        lines = [" ".join(line.split()) for line in _LINE_BREAK.split(text.strip())]
        text = lines[0]
        for line in lines[1:]:
            text += space_between(text, line) + line
        return text
    return " ".join(text.split())
