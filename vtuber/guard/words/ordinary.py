"""Short English words that are met everywhere: pieces of a listed word that are such words are no pieces."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

_FILE = Path(__file__).parents[1] / "data" / "ordinary_words.txt"
_LONGEST = 5


@cache
def _words() -> frozenset[str]:
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def is_word(word: str) -> bool:
    """Whether it is a short word that is met everywhere, or a number."""
    return word in _words() or word.isdigit()


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
