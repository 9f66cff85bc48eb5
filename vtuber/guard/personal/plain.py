"""A text in plain letters, in which each letter's place in the text is known."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cached_property, lru_cache

from vtuber.core.text import visible

_ODD: set[str] = set()
"""Letters that are none in plain, or several."""
_KNOWN = 20_000
"""How many letters are remembered."""


class _Plain(dict[int, str]):
    """What a letter is in plain: compatible forms (NFKC), any script's digits as 0–9, no marks."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        digit = unicodedata.digit(char, None)
        if digit is not None:
            plain = str(digit)
        elif unicodedata.category(char) in ("Mn", "Me", "Cf", "Cs") or not visible(char):
            plain = ""
        else:
            plain = "".join(
                one for one in unicodedata.normalize("NFKC", char) if unicodedata.category(one) != "Mn"
            )
        if len(plain) != 1:
            _ODD.add(char)
        if len(self) < _KNOWN:
            self[code] = plain
        return plain


_PLAIN = _Plain()


class Plain:
    """``text`` in plain letters; ``lower``, the same in small ones; and where each stands."""

    def __init__(self, text: str) -> None:
        self.text = text if text.isascii() else text.translate(_PLAIN)
        self._end = len(text)
        self._places: Sequence[int] = range(len(text))
        if not _ODD.isdisjoint(text):
            pieces = [_PLAIN[ord(char)] for char in text]
            self._places = [place for place, piece in enumerate(pieces) for _ in piece]

    @cached_property
    def lower(self) -> str:
        """As long as ``text``."""
        lower = self.text.lower()
        if len(lower) == len(self.text):
            return lower
        return "".join(char.lower() if len(char.lower()) == 1 else char for char in self.text)

    def place(self, begin: int, end: int) -> tuple[int, int]:
        """Where in the text that was given stands what stands here in plain."""
        if begin >= end:
            return (0, 0)
        after = self._places[end] if end < len(self._places) else self._end  # with the marks behind a letter
        return self._places[begin], max(self._places[end - 1] + 1, after)


@lru_cache(maxsize=16)
def plain(text: str) -> Plain:
    """The text in plain letters; several detectors ask for the same."""
    return Plain(text)
