"""How many tokens a text takes at most, for when no tokenizer can be asked.

Made for byte-level BPE with vocabularies from 32,000 tokens: English takes a token for about four letters
there, Chinese half a token to two a character, a picture up to four.
"""

from __future__ import annotations

from collections.abc import Iterable

from vtuber.brain import PromptLine

_PER_LINE = 8
"""What a format puts around a line."""
_PER_BYTES = (0.75, 1.0, 2.0, 4.0)
"""Tokens of a character that is so many bytes long in UTF-8, from 1 to 4; English letters take less."""
_PER_LETTER = 0.34


def estimate(text: str) -> int:
    """Tokens of a text, rather too many than too few."""
    letters = sum(char.isascii() and (char.isalpha() or char == " ") for char in text)
    sizes = [len(char.encode("utf-8", "replace")) for char in text]
    others = (sizes.count(size) * tokens for size, tokens in enumerate(_PER_BYTES, 1))
    return 1 + int(sum(others) - letters * (_PER_BYTES[0] - _PER_LETTER))


def estimate_lines(lines: Iterable[PromptLine]) -> int:
    """Tokens of lines in a prompt, their names and whatever a format puts around them included."""
    return sum(_PER_LINE + estimate(line.name) + estimate(line.text) for line in lines)
