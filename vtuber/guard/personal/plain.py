"""A text in plain letters, in which each letter's place in the text is known."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cached_property

from vtuber.core.text import visible


class _Plain(dict[str, str]):
    """What a letter is in plain: compatible forms (NFKC), any script's digits as 0–9, no marks."""

    def __missing__(self, char: str) -> str:
        digit = unicodedata.digit(char, None)
        if digit is not None:
            plain = str(digit)
        elif unicodedata.category(char) in ("Mn", "Me", "Cf", "Cs") or not visible(char):
            plain = ""
        else:
            plain = "".join(
                one for one in unicodedata.normalize("NFKC", char) if unicodedata.category(one) != "Mn"
            )
        if len(self) < 20_000:
            self[char] = plain
        return plain


_PLAIN = _Plain()


class Plain:
    """``text`` in plain letters; ``lower``, the same in small ones; and where each stands."""

    def __init__(self, text: str) -> None:
        self._places: Sequence[int]
        if text.isascii():
            self.text, self._places, self._end = text, range(len(text)), len(text)
            return
        pieces = [_PLAIN[char] for char in text]
        self.text = "".join(pieces)
        self._places = [place for place, piece in enumerate(pieces) for _ in piece]
        self._end = len(text)

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
