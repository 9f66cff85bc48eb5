"""Finds names that nobody is to hear: real ones, from config. They are never told, printed or logged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from vtuber.core.spelling import normalize

_APART = r"[\W_]{0,3}"


class SecretNames:
    """Names from config. A Latin one counts as a whole word, however far apart its letters stand."""

    def __init__(self, names: Iterable[str]) -> None:
        letters = ["".join(filter(str.isalnum, normalize(name))) for name in names]
        patterns = [
            _pattern(one) for one in sorted(set(filter(None, letters)), key=lambda one: (-len(one), one))
        ]
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    def __repr__(self) -> str:
        return "SecretNames(…)"

    def find(self, lower: str) -> Iterator[tuple[int, int]]:
        """Where they stand in a plain text of small letters."""
        if self._pattern is not None:
            alike = "".join(one if len(one := normalize(char)) == 1 else char for char in lower)
            yield from (match.span() for match in self._pattern.finditer(alike))


def _pattern(letters: str) -> str:
    apart = _APART.join(map(re.escape, letters))
    before = r"(?<![a-z0-9])" if letters[0].isascii() else ""
    behind = r"(?![a-z0-9])" if letters[-1].isascii() else ""
    return f"{before}{apart}{behind}"
