"""Finds the words of lists in text, however they are dressed up: b.a.d, b a d, b@d, baaad, ᏴᎪᎠ, b😀a😀d."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

from vtuber.guard.words.matcher import Match, Matcher
from vtuber.guard.words.reading import readings
from vtuber.guard.words.word_files import Entry, own, parse, shipped
from vtuber.guard.words.word_parts import part

_MOST_HELD = 40
"""Letters at the end of a text that may be the beginning of a word."""


@dataclass(frozen=True, slots=True)
class Found:
    """A listed word, and where it stands in the text."""

    word: str
    policy: str
    begin: int
    end: int


class _Lists:
    """What is listed, and what is harmless although something listed is in it."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        entries = tuple(entries)
        self.listed = Matcher(entry for entry in entries if not entry.harmless)
        self.harmless = Matcher((entry for entry in entries if entry.harmless), harmless=True)
        self.listed.prepare()


@lru_cache(maxsize=1)
def _built_in() -> _Lists:
    return _Lists(shipped())


@lru_cache(maxsize=1)
def _own(words: tuple[str, ...], files: tuple[str, ...], _stamps: tuple[float, ...]) -> _Lists:
    return _Lists(own(words, files))


def _stamp(file: str) -> float:
    """When a file was changed last; reading it says what is wrong with one that is not there."""
    try:
        return Path(file).stat().st_mtime
    except (OSError, ValueError):
        return 0.0


class WordList:
    """Words as a streamer lists them, or as files do; with ``built_in``, those that came along, too."""

    def __init__(self, entries: Iterable[Entry | str] = (), *, built_in: bool = False) -> None:
        self._own = _Lists(parse(entry) if isinstance(entry, str) else entry for entry in entries)
        self._with_built_in = built_in

    @classmethod
    def of_streamer(cls, words: tuple[str, ...], files: tuple[str, ...], *, built_in: bool = False) -> Self:
        """The streamer's own (``word_files.own``), which several may use: there may be a million of them."""
        found = cls(built_in=built_in)
        found._own = _own(words, files, tuple(map(_stamp, files)))
        return found

    @property
    def _lists(self) -> tuple[_Lists, ...]:
        """The built-in lists are read when they are first needed: the model may be loaded meanwhile."""
        return (self._own, _built_in()) if self._with_built_in else (self._own,)

    def find(
        self, text: str, *, since: int = 0, in_name: bool = False, policies: Collection[str] | None = None
    ) -> list[Found]:
        """Every listed word that ends behind ``since``, the first at first. In a name, there may be no
        space around it."""
        matches = {
            match
            for lists in self._lists
            for match in lists.listed.matches(text, in_name=in_name)
            if match.end > since and (policies is None or match.entry.policy in policies)
        }
        if not matches:
            return []
        harmless = [
            (match, lists is _built_in())
            for lists in self._lists
            for match in lists.harmless.matches(text, in_name=in_name)
            if _is_plain(match, text)
        ]
        return sorted(
            (
                Found(match.entry.text, match.entry.policy, match.begin, match.end)
                for match in matches
                if not any(_is_in(match, other, built_in=built_in) for other, built_in in harmless)
            ),
            key=lambda found: (found.begin, -found.end, found.word, found.policy),
        )

    def may_begin(self, text: str) -> int:
        """How many letters at the end of a text may be the beginning of a listed word, at least half of it,
        that goes on in the next sentence; 0: none."""
        reading = readings(text[-_MOST_HELD * 2 :])[0]
        return max(lists.listed.may_begin(reading) for lists in self._lists)


def _is_plain(match: Match, text: str) -> bool:
    """Whether it is in the letters in which it is listed: who means "tittles" needs no look-alikes."""
    written = filter(str.isalpha, text[match.begin : match.end])
    return not match.entry.text.isascii() or all(map(str.isascii, written))


def _is_in(match: Match, harmless: Match, *, built_in: bool) -> bool:
    """Whether a part of what was found is only a part of something harmless, or something else than that in
    disguise. What one built-in list takes for harmless, another may list; what the streamer does, is."""
    same = (
        built_in
        and len(harmless.entry.parts) == 1
        and part(match.entry.parts[0]).letters == part(harmless.entry.parts[0]).letters
    )
    return any(
        harmless.begin <= begin and end <= harmless.end and not (same and len(match.pieces) == 1)
        for begin, end in match.pieces
    )
