"""A text on its way to the voice: which stretches of it are read otherwise than they are written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vtuber.core.text import is_cjk
from vtuber.voice.reading import numbers

_WIDE = (
    *range(0xFF10, 0xFF1A),
    *range(0xFF21, 0xFF3B),
    *range(0xFF41, 0xFF5B),
    *map(ord, "％＄＋＝／＠＃＆．"),
)
_NARROWED = {code: code - 0xFEE0 for code in _WIDE}
"""Full-width letters, digits and signs, which are read as the narrow ones."""
_PLAIN = {
    code: ord(base)
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    if (base := unicodedata.normalize("NFD", chr(code))[0]).isascii() and base.isalpha()
}
"""Accented letters and those below the accents: to a rule, "Văn" is a word like "Van"."""

_WORD = re.compile(r"\S+")


class Line:
    """A text, its language, and its readings so far. No stretch is read twice: the first rule wins."""

    def __init__(self, text: str, language: str, *, digits: bool = False) -> None:
        self.written = text
        self._narrow = text if text.isascii() else text.translate(_NARROWED)
        self.text = self._narrow if text.isascii() else self._narrow.translate(_PLAIN)
        """As the rules see it: narrow, and without accents. It has a character for each that is written."""
        self.language = language
        self.chinese = language.startswith("zh")
        self.digits = digits
        """Whether numbers stay as they are written, and only what is around them is read."""
        self.chars = frozenset(self.text)
        self._taken = bytearray(len(text))
        self._readings: dict[int, tuple[int, str]] = {}

    def read(self, begin: int, end: int, said: str) -> None:
        """``text[begin:end]`` is read as ``said``, if nothing of it was read before."""
        if begin < end and self.is_free(begin, end):
            self._taken[begin:end] = b"\1" * (end - begin)
            self._readings[begin] = (end, said)

    def is_free(self, begin: int, end: int) -> bool:
        return self._taken.find(1, begin, end) < 0

    def before(self, begin: int, count: int = 24) -> str:
        return self.text[max(0, begin - count) : begin]

    def after(self, end: int, count: int = 24) -> str:
        return self.text[end : end + count]

    def number(self, digits: str, *, counts: bool = False) -> str:
        return digits if self.digits else numbers.number(digits, chinese=self.chinese, counts=counts)

    def spelled(self, digits: str) -> str:
        return digits if self.digits else numbers.spelled(digits, chinese=self.chinese)

    def ordinal(self, value: int) -> str:
        return str(value) if self.digits else numbers.ordinal(value)

    def year(self, value: int) -> str:
        return str(value) if self.digits else numbers.year(value)

    def pairs(self, value: int) -> str:
        return str(value) if self.digits else numbers.pairs(value)

    def composed(self) -> Reading:
        """What is said, and where in it each character of the text stands."""
        parts: list[str] = []
        places: list[int] = []
        size = at = 0
        last, parted = "", False
        for begin in [*sorted(self._readings), len(self.text)]:
            plain = self._narrow[at:begin]
            if plain:
                if parted and _needs_space(last, plain[0]):
                    parts.append(" ")
                    size += 1
                places += range(size, size + len(plain))
                parts.append(plain)
                size += len(plain)
                last = plain[-1]
            if begin == len(self.text):
                break
            end, said = self._readings[begin]
            if said and _needs_space(last, said[0]):
                parts.append(" ")
                size += 1
            places += [size, *[size + len(said)] * (end - begin - 1)]
            parts.append(said)
            size += len(said)
            last = said[-1:] or last
            parted = bool(said)
            at = end
        places.append(size)
        return Reading(self.written, *_tidied("".join(parts), places))


def _tidied(said: str, places: list[int]) -> tuple[str, tuple[int, ...]]:
    """Without words that are only signs, and with single spaces."""
    kept: list[str] = []
    moved: list[int] = []
    size = 0
    for found in _WORD.finditer(said):
        word = found.group()
        moved += [size] * (found.start() - len(moved))
        if word in "&+=" or any(map(str.isalnum, word)):
            if kept:
                size += 1
            kept.append(word)
            moved += range(size, size + len(word))
            size += len(word)
        else:
            moved += [size] * len(word)
    moved += [size] * (len(said) + 1 - len(moved))
    return " ".join(kept), tuple(moved[place] for place in places)


def _needs_space(before: str, after: str) -> bool:
    """Whether a word that is read would run into the one beside it."""
    return before.isalnum() and after.isalnum() and not (is_cjk(before) or is_cjk(after))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a voice is given for a text."""

    text: str
    said: str
    places: tuple[int, ...]
    """Where in ``said`` the reading of each character of the text begins; and at last the length of it."""

    def ends(self, words: Iterable[str]) -> list[int]:
        """Where in ``said`` each of a caption's ``words``, the text without white space, is over."""
        ends = []
        at = 0
        for word in words:
            while self.text[at : at + 1].isspace():
                at += 1
            at += len(word)
            ends.append(self.places[at])
        return ends

    def by_word(self, words: Iterable[str]) -> list[str]:
        """What is said for each of a caption's ``words``; "" for one that is not.

        What several words are read as together stands at the first of them.
        """
        ends = self.ends(words)
        return [self.said[begin:end].strip() for begin, end in zip([0, *ends], ends, strict=False)]


Say = Callable[[re.Match[str], Line], str | None]
"""What is said for what a pattern found; None: it is not for this rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What fits ``pattern``, or its group "read", is read as ``say`` tells."""

    pattern: re.Pattern[str]
    say: Say
    signs: frozenset[str] = frozenset()
    """Characters of which the text must have one. Empty: it may have any."""

    def apply(self, line: Line) -> None:
        if self.signs and self.signs.isdisjoint(line.chars):
            return
        for found in self.pattern.finditer(line.text):
            begin, end = found.span("read" if "read" in self.pattern.groupindex else 0)
            if line.is_free(begin, end) and (said := self.say(found, line)) is not None:
                line.read(begin, end, said)


DIGITS = frozenset("0123456789")


def rule(pattern: str, say: Say, signs: str = "", *, flags: int = 0) -> Rule:
    return Rule(re.compile(pattern, flags), say, frozenset(signs))


def table(entries: str) -> dict[str, tuple[str, str]]:
    """What is written, and its names in English and Chinese: "km=kilometer=公里; …"; one may serve both."""
    names = (entry.split("=") for entry in entries.split("; "))
    return {written: (said[0], said[-1]) for written, *said in names}
