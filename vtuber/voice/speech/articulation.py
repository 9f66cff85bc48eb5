"""The phonemes that a voice speaks, in time: which word each belongs to, and what the mouth does.

Written as hibari-tts and Kokoro do: letters of the phonetic alphabet, with a capital for each diphthong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from vtuber.core.events import Viseme

_CLOSED = "X"

_VOWELS = {
    "a": "A", "ɑ": "A", "ɐ": "A", "æ": "A", "ʌ": "A", "ɒ": "O",
    "i": "I", "ɪ": "I", "ᵻ": "I", "ɨ": "I", "j": "I",
    "u": "U", "ʊ": "U", "ɯ": "U", "y": "U", "ø": "U", "w": "U", "ɥ": "U",
    "e": "E", "ɛ": "E", "ə": "E", "ɜ": "E", "ɚ": "E", "ᵊ": "E", "ɤ": "E", "œ": "E",
    "o": "O", "ɔ": "O",
    "A": "EI", "I": "AI", "W": "AU", "Y": "OI", "O": "OU", "Q": "OU",
}  # fmt: skip
"""The shapes of the mouth in each vowel, one after another."""
_LIPS = frozenset("mbpfvɱɸβ")
"""Consonants that close the lips. All others are spoken in the shape of the vowel that follows."""
_HELD = frozenset("ː→↗↓↘")
"""Signs behind a vowel that is still heard while they last."""
_APART = frozenset(' ;:,.!?—…"()“”')


class Phoneme(NamedTuple):
    """One sign of what is spoken, and when: in seconds from the beginning of the sound."""

    sign: str
    owner: int | None
    """The index of the word that it belongs to; None for what is between two."""
    start: float
    end: float

    @property
    def is_heard(self) -> bool:
        """Whether it is no mark, nor the space between two words."""
        return self.sign not in _APART


def spans(phonemes: Sequence[Phoneme], count: int) -> list[tuple[float, float]]:
    """When each of ``count`` words begins and ends; one without phonemes takes no time."""
    found: dict[int, tuple[float, float]] = {}
    for phoneme in phonemes:
        owner, start, end = phoneme[1:]
        if owner is not None and phoneme.is_heard:
            found[owner] = (found[owner][0] if owner in found else start, end)
    times = []
    last = phonemes[0].start if phonemes else 0.0
    for index in range(count):
        start, end = found.get(index, (last, last))
        times.append((start, end))
        last = end
    return times


def visemes(phonemes: Sequence[Phoneme]) -> Iterator[Viseme]:
    """The shapes of the mouth, in time. It has none while nothing is spoken."""
    shape, begun, ended = "", 0.0, 0.0
    for each, start, end in _shaped(phonemes):
        if each != shape or start > ended:
            if shape:
                yield Viseme(shape, begun, ended)
            shape, begun = each, start
        ended = end
    if shape:
        yield Viseme(shape, begun, ended)


def _shaped(phonemes: Sequence[Phoneme]) -> Iterator[tuple[str, float, float]]:
    """The shapes of each phoneme: a consonant's is that of the vowel behind it, else of the one before."""
    ahead = _ahead(phonemes)
    before = ""
    for (sign, _, start, end), following in zip(phonemes, ahead, strict=True):
        if sign in _APART:
            before = ""
            continue
        if sign in _LIPS:
            forms = _CLOSED
        elif sign in _HELD:
            forms = before
        else:
            forms = _VOWELS.get(sign) or following or before
        for index, form in enumerate(forms if end > start else ""):
            length = (end - start) / len(forms)
            yield form, start + index * length, start + (index + 1) * length
        before = _VOWELS.get(sign, before)[-1:]


def _ahead(phonemes: Sequence[Phoneme]) -> list[str]:
    """For each phoneme the shape with which the next vowel begins, before anything else is spoken."""
    found: list[str] = []
    following = ""
    for phoneme in reversed(phonemes):
        if phoneme.sign in _APART:
            following = ""
        found.append(following)
        following = _VOWELS.get(phoneme.sign, following)[:1]
    return found[::-1]
