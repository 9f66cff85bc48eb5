"""Reads a sentence as kinds of words: who does what to whom. "i'll burn your flat" is WILL KILL YOU HOME.

Each kind is a list of words in ``data/phrases/kinds.*.txt``; they are the same in every language. What is
told of a sentence (``traits``): its kinds, which of them stand near each other and in which order, and its
words. In a sentence that reports or cares (``FRAME``) pairs are told apart: there, the same words do less.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from vtuber.guard.words.letters import LETTERS

SHIPPED = Path(__file__).parents[1] / "data" / "phrases"
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
        whole: defaultdict[str, set[str]] = defaultdict(set)
        begun: defaultdict[str, set[str]] = defaultdict(set)
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        kind = ""
        for line in map(str.strip, lines):
            if heading := _KIND.fullmatch(line):
                kind = heading[1]
                continue
            for entry in line.split(",") if not line.startswith("#") else ():
                if tokens := _tokens(entry.rstrip("* ")):
                    known = begun if entry.endswith("*") else whole
                    known[_joined(tokens)].add(kind)
                    lengths[tokens[0]].add(len(tokens))
        self._whole = {phrase: _told(kinds) for phrase, kinds in whole.items()}
        self._begun = {phrase: _told(kinds) for phrase, kinds in begun.items()}
        self._lengths = {token: sorted(found, reverse=True) for token, found in lengths.items()}
        """How long the phrases are that begin with a token."""
        self._shortest = min((len(word) for word in begun), default=0)
        self._most = max((len(word) for word in begun), default=0)

    def read(self, text: str) -> list[Word]:
        """The words of a text, the longest phrases first; those that are not known have no kind."""
        tokens = _tokens(text)[-MOST:]
        words: list[Word] = []
        place = 0
        while place < len(tokens):
            word, length = self._longest(tokens, place)
            words.append(word)
            place += length
        return words

    def _longest(self, tokens: list[str], place: int) -> tuple[Word, int]:
        """The longest known phrase that begins there, and of how many tokens it is."""
        token = tokens[place]
        for length in self._lengths.get(token, ()):
            if place + length > len(tokens):
                continue
            phrase = token if length == 1 else _joined(tokens[place : place + length])
            kinds = self._whole.get(phrase)
            if kinds is None and token.isascii():
                kinds = self._by_beginning(phrase, len(phrase) - len(tokens[place + length - 1]) + 1)
            if kinds is not None:
                return Word("" if NEUTRAL in kinds else phrase, () if NEUTRAL in kinds else kinds), length
        if token.isascii() and len(token) >= self._shortest:
            kinds = self._by_beginning(token, self._shortest) or ()
            return (Word("") if NEUTRAL in kinds else Word(token, kinds)), 1
        return Word(token), 1

    def _by_beginning(self, phrase: str, least: int) -> tuple[str, ...] | None:
        for end in range(min(len(phrase), self._most), max(least, self._shortest) - 1, -1):
            if (kinds := self._begun.get(phrase[:end])) is not None:
                return kinds
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
    return (NEUTRAL,) if NEUTRAL in kinds else tuple(sorted(kinds))


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
