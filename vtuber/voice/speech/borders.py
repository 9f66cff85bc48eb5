"""Where one phoneme ends and the next begins, as far as the sound shows it.

Hissing ("s") stands out by what is above 3 kHz, a stop ("t") by the silence in which it begins, a vowel
behind either by what is below; behind hissing there may be a little silence before it. Other borders cannot
be seen.
"""

from __future__ import annotations

import numpy as np

from vtuber.core.sound import RATE, Samples
from vtuber.voice.speech.articulation import Phoneme

_HOP = RATE // 200
"""Samples between two looks at the sound: 5 ms."""
_REACH = 0.08
"""Seconds by which the border between two phonemes is moved at most."""
_SIDE = 4
"""Looks before a border that are held against as many behind it."""
_CLEAR = 8.0
"""Decibels of difference between the two that show a border."""
_SHORTEST = 0.01
"""Seconds that are left of a phoneme."""
_FLOOR = 1e-5
"""The share of the loudest looks' power that is no sound at all."""
_HISS, _STOP, _OPEN = "hiss", "stop", "open"
_KINDS = (
    dict.fromkeys("szʃʒʂɕ", _HISS)
    | dict.fromkeys("ptkbdɡ", _STOP)
    | dict.fromkeys("aɑɐæʌɒiɪᵻɨuʊyeɛəɜɚᵊɤœøɯoɔAIWYOQːˈˌ→↗↓↘jwɥlɹɻmnŋ", _OPEN)
)
"""What is seen of a phoneme in the sound. Signs of stress stand before a vowel, of length and tone behind."""


def snap(phonemes: list[Phoneme], samples: Samples) -> None:
    """Moves each border that the sound shows, and that is near, to where it does."""
    if len(samples) < 2 * (_SIDE + 1) * _HOP:
        return
    low, high = _levels(samples)
    shown = {
        (_OPEN, _HISS): high - low,
        (_HISS, _OPEN): low,
        (_OPEN, _STOP): -low,
        (_STOP, _OPEN): low,
    }
    for at in range(len(phonemes) - 1):
        after = at + 1 + (phonemes[at + 1].sign == " ")
        if after == len(phonemes) or phonemes[after].start - phonemes[at].end > _SHORTEST:
            continue
        level = shown.get((_KINDS.get(phonemes[at].sign, ""), _KINDS.get(phonemes[after].sign, "")))
        border = None if level is None else _border(level, phonemes[at], phonemes[after])
        if border is not None:
            phonemes[at] = phonemes[at]._replace(end=border)
            for moved in range(at + 1, after):
                phonemes[moved] = phonemes[moved]._replace(start=border, end=border)
            phonemes[after] = phonemes[after]._replace(start=border)


def _border(level: Samples, before: Phoneme, after: Phoneme) -> float | None:
    """When ``level`` rises most between the two, in reach; None where it hardly does."""
    begin = max(before.end - _REACH, before.start + _SHORTEST)
    end = min(after.start + _REACH, after.end - _SHORTEST)
    first, last = max(_SIDE, round(begin * RATE / _HOP)), min(len(level) - _SIDE, round(end * RATE / _HOP))
    if first > last:
        return None
    sums = np.cumsum(level[first - _SIDE : last + _SIDE])
    sums = np.concatenate([[0.0], sums])
    middle = sums[_SIDE:-_SIDE]
    rises = (sums[2 * _SIDE :] - 2 * middle + sums[: -2 * _SIDE]) / _SIDE
    best = int(rises.argmax())
    return (first + best) * _HOP / RATE if rises[best] >= _CLEAR else None


def _levels(samples: Samples) -> tuple[Samples, Samples]:
    """In decibels, every 5 ms: what is below about 3 kHz, and what is above."""
    smooth = samples[3:] + samples[2:-1] + samples[1:-2] + samples[:-3]
    rough = samples[2:] - 2 * samples[1:-1] + samples[:-2]
    levels = []
    for part in (smooth / 4, rough[: len(smooth)]):
        powers = np.square(part[: len(part) // _HOP * _HOP]).reshape(-1, _HOP).sum(axis=1)
        around = np.convolve(powers, np.ones(3), "same")
        loudest = float(np.percentile(around, 95)) if len(around) else 0.0
        levels.append((10 * np.log10(around + _FLOOR * loudest + 1e-12)).astype(np.float32))
    return levels[0], levels[1]
