"""What of a text a voice can pronounce, and how long that takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from vtuber.core.text import is_cjk
from vtuber.voice import Pronouncing, Voice
from vtuber.voice.spoken import spoken, without_faces

CJK_WEIGHT = 2.5
"""A Chinese character takes about as long to say as this many Latin ones."""

_PICTURES = frozenset(("So", "Sk", "Cs", "Co", "Cn", "Cc"))
_APART = re.compile(r"(?<=\d) (?=[%°℃€])")
_MASK = "＊"
"""Stands for what the guard took out: nobody says "asterisk" there."""
_SAID = "°℃℉"
"""Pictures by name that are said."""


def weight(text: str) -> float:
    """How long the text takes to say, in Latin characters."""
    return sum(CJK_WEIGHT if is_cjk(char) else 1.0 for char in text)


def speakable(text: str) -> str:
    """What a voice should be given: signs as words, without emoji and what else cannot be said."""
    chinese = not text.isascii() and any(map(_is_chinese, text))
    words = without_faces(_APART.sub("", text) if chinese else text).split()
    said = (pronounced(word) for word in spoken(words, chinese=chinese))
    return " ".join(filter(None, said))


def pronounced(said: str) -> str:
    """Without pictures and words that are only symbols."""
    if said.isascii() and said.isalnum():
        return said
    kept = "".join(" " if char == _MASK else char for char in said if not _is_picture(char))
    return " ".join(word for word in kept.split() if word in "&+=" or any(map(str.isalnum, word)))


def forms(voice: Voice, text: str) -> Iterator[str]:
    """All that ``voice`` may pronounce of a text; of one that does not say, what is likely."""
    if isinstance(voice, Pronouncing):
        yield from voice.pronounced(text)
    else:
        said = speakable(text)
        yield said
        yield without_foreign(said, wide=True)
        yield without_foreign(said, wide=False)


def without_foreign(said: str, *, wide: bool) -> str:
    """What is left when a voice passes over letters that it cannot read: all but Latin, and ``wide`` ones."""
    if said.isascii():
        return said
    return "".join(char for char in said if not char.isalpha() or is_latin(char) or (wide and is_cjk(char)))


def is_latin(letter: str) -> bool:
    return ord(letter) < 0x250 or 0x1E00 <= ord(letter) <= 0x1EFF


def _is_chinese(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


@lru_cache(maxsize=4096)
def _is_picture(char: str) -> bool:
    """Emoji and their joiners, ornaments, control and unassigned characters."""
    if char in _SAID:
        return False
    return char in "\u200d\ufe0e\ufe0f\u20e3" or unicodedata.category(char) in _PICTURES
