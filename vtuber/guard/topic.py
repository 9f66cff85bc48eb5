"""Tells whether a text is about a topic: words speak for it, each with its weight.

A topic's file in ``data/topics`` (the head of ``politics.txt`` says how it is read) lists strong words, of
which one is enough, and others that must come together. Where several fit, the longest does, so that a phrase
with another meaning ("trump card") hides the word in it. Whether a text asks for a stance or takes one, or
only mentions the words ("election day, so no school"), is told by what stands around them (``likeness``).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path

from ahocorasick_rs import AhoCorasick

from vtuber.core.chinese import is_han, simplified
from vtuber.core.spelling import normalize
from vtuber.guard.likeness.score import Likeness
from vtuber.guard.words import segments

SHIPPED = Path(__file__).parent / "data" / "topics"
ENOUGH = 3
"""Points with which a text is about the topic."""
_POINTS = {"strong": (3, 1), "weak": (2, 2), "vague": (1, 2)}
"""For each weight the points of a word, and how many words of it count."""
_OWN = "own"
"""The weight of a character's own words: one is enough, whatever stands around it."""
LIKENESS = "on_topic"
_LIKE = (math.inf, 3.5, 2.0, 0.5, -0.5)
"""How like talk about it a text must be that has so many points, or more."""
_AROUND = 8
"""Characters on each side of a Chinese word that tell whether it is pieces of others."""
_ASKS = re.compile("[?？]")
_PIECE = re.compile(r"[a-z0-9]+|[^\W\da-z_]+|[^\w\s.·/|-]+")
_BETWEEN = " , "
_MARKS = re.compile("[™℠®©]")
"""What is said as nothing, and would be letters in a plain spelling."""


class Topic:
    """One topic by its words: those of the shipped file ``name``, if there is one, and ``about``."""

    def __init__(self, name: str, about: Iterable[str] = ()) -> None:
        self.name = name
        self._words: list[tuple[str, str]] = []
        """For each pattern its weight, and the entry that it is a form of."""
        patterns: dict[str, tuple[str, str]] = {}
        for weight, forms in (*((_OWN, (word,)) for word in about), *_entries(name)):
            for form in forms:
                for pattern in _spellings(form):
                    patterns.setdefault(pattern, (weight, forms[0]))
        self._words = list(patterns.values())
        segments.learn(pattern for pattern in patterns if len(pattern) > 1)
        self._automaton = AhoCorasick(list(patterns))
        self._like = Likeness(LIKENESS)

    @classmethod
    def of(cls, name: str, about: Iterable[str] = ()) -> Topic:
        """The same, read once for all that ask for it."""
        return _shared(name, tuple(about))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is about it, as nobody knows its words."""
        return not self._words

    def points(self, text: str) -> int:
        """How much its words speak for it; ``ENOUGH`` is enough."""
        return self._points(self._found(plain(text)))

    def is_about(self, text: str, certainty: float = 0.0) -> bool:
        """Whether a text is about it, and does not only mention it. A higher ``certainty`` finds less."""
        found = self._found(plain(text))
        points = self._points(found)
        if not points:
            return False
        if any(self._words[number][0] == _OWN for number, _, _ in found):
            return True
        wanted = _LIKE[min(points, len(_LIKE) - 1)] + certainty
        return self._like.score(self._around(text, found)) > wanted

    def around(self, text: str) -> str:
        """The text with the weight of each word instead of it; and the words behind that."""
        return self._around(text, self._found(plain(text)))

    def _around(self, text: str, found: list[tuple[int, int, int]]) -> str:
        searched, at, parts, words = plain(text), 0, list[str](), list[str]()
        for number, begin, end in sorted(found, key=lambda match: match[1]):
            weight, word = self._words[number]
            if weight in _POINTS:
                parts += searched[at:begin], f" x{weight} "
                words.append(f" / {word}")
                at = end
        return "".join((*parts, searched[at:], " ? " if _ASKS.search(text) else "", *words))

    def _points(self, found: Iterable[tuple[int, int, int]]) -> int:
        words = {self._words[number] for number, _, _ in found}
        count = Counter(weight for weight, _ in words)
        stance = count["opinion"] > 0 or (count["weak"] > 0 and count["remark"] > 0)
        points = sum(points * min(count[weight], most) for weight, (points, most) in _POINTS.items())
        points += ENOUGH * (count[_OWN] > 0)
        return points + stance if points else 0

    def _found(self, text: str) -> list[tuple[int, int, int]]:
        """(number, begin, end) of the patterns that fit, without those that overlap a longer one."""
        matches = self._automaton.find_matches_as_indexes(text, overlapping=True)
        taken = bytearray(len(text))
        found = []
        for number, begin, end in sorted(matches, key=lambda match: match[1] - match[2]):
            if not any(taken[begin:end]) and not _crosses(text, begin, end):
                taken[begin:end] = b"\1" * (end - begin)
                found.append((number, begin, end))
        return found


@lru_cache(maxsize=32)
def _shared(name: str, about: tuple[str, ...]) -> Topic:
    return Topic(name, about)


def shipped() -> tuple[str, ...]:
    """The topics whose words come along."""
    return tuple(sorted(file.stem for file in SHIPPED.glob("*.txt")))


@lru_cache(maxsize=64)
def plain(text: str) -> str:
    """The text in the form that is searched: Latin words each between spaces, Chinese ones in simplified
    characters without anything between."""
    folded = normalize(_MARKS.sub("", text)).translate(_simplified()).replace("'", "").replace("’", "")
    pieces = (match.group() for match in _PIECE.finditer(folded))
    return "".join(_framed(piece) for piece in pieces).replace(_BETWEEN, "  ")


def _crosses(text: str, begin: int, end: int) -> bool:
    """Whether a Chinese word there is pieces of others: 練習近平交道."""
    if not (is_han(text[begin]) and is_han(text[end - 1])):
        return False
    first = max(0, begin - _AROUND)
    return segments.crosses(text[first : end + _AROUND], begin - first, end - first)


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
