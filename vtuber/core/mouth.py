"""The shape of a mouth that speaks: how far it is open, and which sound it forms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vtuber.core.events import Viseme
from vtuber.core.sound import RATE, Samples
from vtuber.core.vowels import vowels

STEP = 0.02
"""Seconds that one shape lasts: fifty in a second."""

CLOSED = "X"
SHAPES = "XAIUEO"
"""Closed, and the five vowels that faces have: as in father, see, too, bed, and law."""

_FRAME = round(STEP * RATE)
_SHUT, _WIDE = -42.0, -14.0
"""dBFS at which the mouth is closed, and wide open. All speech is brought to -16 LUFS."""


def openness(samples: Samples) -> list[float]:
    """How far the mouth is open, 0..1, for each ``STEP``: by how loud it is."""
    if not len(samples):
        return []
    begins = np.arange(0, len(samples), _FRAME)
    lengths = np.diff(np.append(begins, len(samples)))
    power = np.add.reduceat(samples.astype(np.float64) ** 2, begins) / lengths
    opened = np.clip((10 * np.log10(power + 1e-12) - _SHUT) / (_WIDE - _SHUT), 0.0, 1.0)
    return [round(float(value), 2) for value in opened]


def shapes(samples: Samples, visemes: Sequence[Viseme] = (), begun: float = 0.0) -> str:
    """The shape for each ``STEP`` of the samples: the voice's own where it tells one, else as it sounds.

    The samples begin ``begun`` seconds after the clip that the ``visemes`` count from.
    """
    opened = openness(samples)
    heard = list(vowels(samples, _FRAME)) if any(opened) else [CLOSED] * len(opened)
    for at, wide in enumerate(opened):
        if wide <= 0.0:
            heard[at] = CLOSED
    for viseme in visemes:
        if viseme.shape not in [*SHAPES]:
            continue  # a voice from elsewhere
        first = max(0, round((viseme.start - begun) / STEP))
        last = min(len(heard), round((viseme.end - begun) / STEP))
        heard[first:last] = viseme.shape * max(0, last - first)
    return "".join(heard)
