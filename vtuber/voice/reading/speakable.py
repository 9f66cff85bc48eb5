"""What of a text a voice can pronounce, and how long that takes."""

from __future__ import annotations

from collections.abc import Iterator

from vtuber.core.text import is_cjk
from vtuber.voice import Pronouncing, Voice
from vtuber.voice.reading import Reader
from vtuber.voice.reading.pictures import MASK, is_picture

CJK_WEIGHT = 2.5
"""A Chinese character takes about as long to say as this many Latin ones."""

_PLAIN = Reader()


def weight(text: str) -> float:
    """How long the text takes to say, in Latin characters."""
    return sum(CJK_WEIGHT if is_cjk(char) else 1.0 for char in text)


def speakable(text: str, language: str = "") -> str:
    """What a voice without settings of its own should be given: words, without what cannot be said.

    ``language`` is that of the text, as BCP 47 has it; "": found in the text.
    """
    return _PLAIN.read(text, language).said


def pronounced(said: str) -> str:
    """Without pictures and words that are only symbols."""
    if said.isascii() and said.isalnum():
        return said
    kept = "".join(" " if char == MASK else char for char in said if not is_picture(char))
    return " ".join(word for word in kept.split() if word in "&+=" or any(map(str.isalnum, word)))


def forms(voice: Voice, text: str) -> Iterator[str]:
    """All that ``voice`` may pronounce of a text; of one that does not say, what is likely."""
    if isinstance(voice, Pronouncing):
        yield from voice.pronounced(text)
    else:
        yield from likely_forms(text)


def likely_forms(text: str) -> Iterator[str]:
    """What a voice that does not say it may pronounce of a text."""
    said = _PLAIN.judged(text).said
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
