"""Short English words that are met everywhere: pieces of a listed word that are such words are no pieces."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

_DATA = Path(__file__).parents[1] / "data"
_LONGEST = 5


@cache
def _words() -> frozenset[str]:
    return frozenset(word for line in _lines("ordinary_words.txt") for word in line.split())


@cache
def _pairs() -> frozenset[str]:
    rows = (line.split(": ") for line in _lines("ordinary_pairs.txt"))
    return frozenset(f"{word} {other}" for word, others in rows for other in others.split())


def _lines(name: str) -> list[str]:
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def is_word(word: str) -> bool:
    """Whether it is a short word that is met everywhere, or a number."""
    return word in _words() or word.isdigit()


def go_together(word: str, other: str) -> bool:
    """Whether the one often stands right before the other, as in "she male" and "the pen is"."""
    return word.isdigit() or other.isdigit() or f"{word} {other}" in _pairs()


@lru_cache(maxsize=512)
def are_words(letters: str) -> bool:
    """Whether the letters are such words in a row, or none at all."""
    reached = {0}
    for end in range(1, len(letters) + 1):
        if any(
            begin in reached and is_word(letters[begin:end]) for begin in range(max(0, end - _LONGEST), end)
        ):
            reached.add(end)
    return len(letters) in reached
