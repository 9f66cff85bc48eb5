"""Tells whether a text is about a topic: words speak for it, each with its weight.

A topic's file in ``data/topics`` (the head of ``politics.txt`` says how it is read) lists strong words, of
which one is enough, and others that must come together. Where several fit, the longest does, so that a phrase
with another meaning ("trump card") hides the word in it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path

from ahocorasick_rs import AhoCorasick

from vtuber.core.spelling import normalize
from vtuber.guard.words.letters import simplified

SHIPPED = Path(__file__).parent / "data" / "topics"
ENOUGH = 3
"""Points with which a text is about the topic."""
_POINTS = {"strong": (3, 1), "weak": (2, 2), "vague": (1, 2)}
"""For each weight the points of a word, and how many words of it count."""
_PIECE = re.compile(r"[a-z0-9]+|[^\W\da-z_]+|[^\w\s.·/|-]+")
_BETWEEN = " , "


class Topic:
    """One topic by its words: those of the shipped file ``name``, if there is one, and ``about``."""

    def __init__(self, name: str, about: Iterable[str] = ()) -> None:
        self.name = name
        self._words: list[tuple[str, str]] = []
        """For each pattern its weight, and the entry that it is a form of."""
        patterns: dict[str, tuple[str, str]] = {}
        for weight, forms in (*_entries(name), *(("strong", (word,)) for word in about)):
            for form in forms:
                for pattern in _spellings(form):
                    patterns.setdefault(pattern, (weight, forms[0]))
        self._words = list(patterns.values())
        self._automaton = AhoCorasick(list(patterns))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is about it, as nobody knows its words."""
        return not self._words

    def points(self, text: str) -> int:
        """How much speaks for it; ``ENOUGH`` is enough."""
        found = {self._words[number] for number in self._longest(plain(text))}
        count = Counter(weight for weight, _ in found)
        stance = count["opinion"] > 0 or (count["weak"] > 0 and count["remark"] > 0)
        return stance + sum(points * min(count[weight], most) for weight, (points, most) in _POINTS.items())

    def _longest(self, text: str) -> Iterator[int]:
        """The numbers of the patterns that fit, without those that overlap a longer one."""
        matches = self._automaton.find_matches_as_indexes(text, overlapping=True)
        taken = bytearray(len(text))
        for number, begin, end in sorted(matches, key=lambda match: match[1] - match[2]):
            if not any(taken[begin:end]):
                taken[begin:end] = b"\1" * (end - begin)
                yield number


def shipped() -> tuple[str, ...]:
    """The topics whose words come along."""
    return tuple(sorted(file.stem for file in SHIPPED.glob("*.txt")))


@lru_cache(maxsize=64)
def plain(text: str) -> str:
    """The text in the form that is searched: Latin words each between spaces, Chinese ones in simplified
    characters without anything between."""
    folded = normalize(text).translate(_simplified()).replace("'", "").replace("’", "")
    pieces = (match.group() for match in _PIECE.finditer(folded))
    return "".join(_framed(piece) for piece in pieces).replace(_BETWEEN, "  ")


def _framed(piece: str) -> str:
    if piece[0].isascii() and piece[0].isalnum():
        return f" {piece} "
    return piece if piece[0].isalpha() else ","


def _spellings(form: str) -> tuple[str, ...]:
    """A form as it is searched; a Latin one also with an "s" behind it."""
    pattern = plain(form)
    if not pattern:
        return ()
    plural = pattern.endswith(" ") and not pattern.endswith("s ")
    return (pattern, f"{pattern[:-1]}s ") if plural else (pattern,)


def _entries(name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(weight, forms of the word) for each entry of a shipped file; none where there is no such file."""
    if name not in shipped():
        return
    weight = ""
    for line in (SHIPPED / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            weight = line.strip("[]")
        elif line and not line.startswith("#"):
            for entry in line.split(","):
                yield weight, tuple(form.strip() for form in entry.split("/"))


@cache
def _simplified() -> dict[int, str]:
    return {ord(one): other for one, other in simplified().items()}
