"""What of a text a voice can pronounce, and how long that takes."""

from __future__ import annotations

import unicodedata

from vtuber.core.text import is_cjk

CJK_WEIGHT = 2.5
"""A Chinese character takes about as long to say as this many Latin ones."""

_PICTURES = frozenset(("So", "Sk", "Cs", "Co", "Cn", "Cc"))


def weight(text: str) -> float:
    """How long the text takes to say, in Latin characters."""
    return sum(CJK_WEIGHT if is_cjk(char) else 1.0 for char in text)


def speakable(text: str) -> str:
    """What a voice should be given: without emoji and the like, and without words that are only symbols."""
    kept = "".join(char for char in text if not _is_picture(char))
    return " ".join(word for word in kept.split() if word in "&+=" or any(map(str.isalnum, word)))


def _is_picture(char: str) -> bool:
    """Emoji and their joiners, ornaments, control and unassigned characters."""
    return char in "\u200d\ufe0e\ufe0f\u20e3" or unicodedata.category(char) in _PICTURES
