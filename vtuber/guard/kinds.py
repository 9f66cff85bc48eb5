"""Reads a sentence as kinds of words: who does what to whom. "i'll burn your flat" is WILL KILL YOU HOME.

Each kind is a list of words in ``data/phrases/kinds.*.txt``; they are the same in every language. What is
told of a sentence (``traits``): its kinds, which of them stand near each other and in which order, and its
words. In a sentence that reports or cares (``FRAME``) pairs are told apart: there, the same words do less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from vtuber.guard.letters import LETTERS

SHIPPED = Path(__file__).parent / "data" / "phrases"
NEUTRAL = "NEUTRAL"
"""The kind of words that only look like another: whatever stands in them is not seen."""
FRAME = frozenset(("CARE", "STORY"))
"""Kinds of words with which somebody tells of a thing instead of doing it, or minds it."""
NEAR = 7
"""Words from one to another that may belong together."""
MOST = 60
"""Words of a text that are read: its last ones."""

_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)*|[^\sa-z0-9']")
_KIND = re.compile(r"\[([A-Z]+)\]")
_APOSTROPHES = frozenset("'’‘´`")


class Word(NamedTuple):
    """A word or phrase of a sentence."""

    text: str
    kinds: tuple[str, ...] = ()


class Kinds:
    """Finds the kinds of words. ``lines``: of files as those that are shipped."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._whole: dict[str, set[str]] = {}
        self._begun: dict[str, set[str]] = {}
        kind = ""
        for line in map(str.strip, lines):
            if not line or line.startswith("#"):
                continue
            if heading := _KIND.fullmatch(line):
                kind = heading[1]
                continue
            for entry in filter(None, map(str.strip, line.split(","))):
                known = self._begun if entry.endswith("*") else self._whole
                known.setdefault(_joined(_tokens(entry.rstrip("*"))), set()).add(kind)
        self._longest = max(len(_tokens(key)) for key in (*self._whole, *self._begun))
        self._shortest = min(map(len, self._begun), default=0)
        self._most = max(map(len, self._begun), default=0)

    def read(self, text: str) -> list[Word]:
        """The words of a text, the longest phrases first; those that are not known have no kind."""
        tokens = _tokens(text)[-MOST:]
        words: list[Word] = []
        place = 0
        while place < len(tokens):
            for length in range(min(self._longest, len(tokens) - place), 0, -1):
                phrase = _joined(tokens[place : place + length])
                if kinds := self._of(phrase):
                    words.append(Word("" if NEUTRAL in kinds else phrase, _told(kinds)))
                    place += length
                    break
            else:
                words.append(Word(tokens[place]))
                place += 1
        return words

    def _of(self, phrase: str) -> set[str] | None:
        found = self._whole.get(phrase)
        if found is not None or not phrase[-1].isascii():
            return found
        for end in range(min(len(phrase), self._most), self._shortest - 1, -1):
            if (found := self._begun.get(phrase[:end])) is not None:
                return found if " " not in phrase[end:] else None
        return None


def traits(words: Iterable[Word]) -> Iterator[str]:
    """What is told of a sentence: "HURT", "HURT YOU" (near, in that order), "HURT+YOU", and "=flat".

    Of two kinds within a frame, "HURT YOU~" and "HURT+YOU~".
    """
    words = list(words)
    kinds = sorted({kind for word in words for kind in word.kinds})
    frame = "" if FRAME.isdisjoint(kinds) else "~"
    for place, word in enumerate(words):
        if word.text:
            yield f"={word.text}"
        for kind in word.kinds:
            for other in words[place + 1 : place + NEAR]:
                for second in other.kinds:
                    yield f"{kind} {second}{frame}"
    if frame:
        yield frame
    yield from kinds
    for place, kind in enumerate(kinds):
        for second in kinds[place + 1 :]:
            yield f"{kind}+{second}{frame}"


@cache
def shipped() -> Kinds:
    return Kinds(line for path in sorted(SHIPPED.glob("kinds.*.txt")) for line in _lines(path))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _told(kinds: set[str]) -> tuple[str, ...]:
    return () if NEUTRAL in kinds else tuple(sorted(kinds))


def _tokens(text: str) -> list[str]:
    """Words of Latin letters, and single letters of other scripts, however they are dressed up."""
    return _TOKEN.findall("".join(map(_plain, text)))


def _joined(tokens: Iterable[str]) -> str:
    """With a space between Latin words."""
    return "".join(f" {token}" if token.isascii() else token for token in tokens).strip()


def _plain(char: str) -> str:
    if char in _APOSTROPHES:
        return "'"
    letter = LETTERS[char]
    if letter.doubt or not letter.letters:
        return " " if letter.gap else ""
    return letter.letters.lower()
