"""When phonemes are heard: what a model says of it, held against the sound that it made.

The models say how long each phoneme lasts, and what follows from that is off in four ways. All of it is late
by as much, whatever the line, the language and the model. The space between two words has a time of its own,
though nobody pauses there. The silence of a pause is counted to the last phoneme before it, for up to a third
of a second. And between two phonemes that sound quite different, the border is up to 80 ms off. The sound
itself tells where it begins and ends, and where such borders are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vtuber.core.sound import RATE, Samples
from vtuber.voice.speech.articulation import Phoneme
from vtuber.voice.speech.borders import snap

LATE = 0.05
"""Seconds by which a model's times are late (``benchmarks/voice_timing.py`` measures what is left of it)."""

_FRAME = RATE // 100
_QUIETER = 30.0
"""Decibels below its loud parts at which speech is no longer heard."""
_PAUSE = 0.1
"""Seconds of silence that make a pause: no consonant is silent for so long."""
_NEAR = 0.15
"""Seconds between what a model says and the sound that it means, at most."""


def aligned(samples: Samples, phonemes: Sequence[Phoneme]) -> list[Phoneme]:
    """The phonemes of ``samples`` when they are heard, by the times that the model gave."""
    moved = [
        each._replace(start=max(0.0, each.start - LATE), end=max(0.0, each.end - LATE)) for each in phonemes
    ]
    _join(moved)
    for off, on in _pauses(samples):
        _part(moved, off, on)
    snap(moved, samples)
    return moved


def _join(phonemes: list[Phoneme]) -> None:
    """Lets words that are spoken together meet in the middle of the space between them."""
    for at in range(1, len(phonemes) - 1):
        before, space, after = phonemes[at - 1 : at + 2]
        if space.sign == " " and before.is_heard and after.is_heard:
            middle = (space.start + space.end) / 2
            phonemes[at - 1 : at + 2] = (
                before._replace(end=middle),
                space._replace(start=middle, end=middle),
                after._replace(start=middle),
            )


def _part(phonemes: list[Phoneme], off: float, on: float) -> None:
    """Lets no phoneme be heard from ``off`` to ``on``, but those around it up to there."""
    last = following = None
    for at, phoneme in enumerate(phonemes):
        start, end = phoneme.start, phoneme.end
        if start < off:
            end = min(end, off)
            last = at if phoneme.is_heard else last
        elif end > on:
            start = max(start, on)
            following = at if phoneme.is_heard and following is None else following
        else:
            start = end = off if start - off < on - end else on
        phonemes[at] = phoneme._replace(start=start, end=end)
    if last is not None and off - phonemes[last].end < _NEAR:
        phonemes[last] = phonemes[last]._replace(end=off)
    if following is not None and phonemes[following].start - on < _NEAR:
        phonemes[following] = phonemes[following]._replace(start=on)


def _pauses(samples: Samples) -> list[tuple[float, float]]:
    """When nothing is heard, in seconds; before the first sound and behind the last, too."""
    frames = len(samples) // _FRAME
    powers = np.mean(samples[: frames * _FRAME].reshape(-1, _FRAME) ** 2, axis=1)
    if not powers.any():
        return []
    loud = np.flatnonzero(powers > np.percentile(powers, 95) / 10 ** (_QUIETER / 10))
    edges = np.concatenate([[-1], loud, [frames]])
    return [
        ((one + 1) / 100, two / 100)
        for one, two in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        if two - one - 1 >= _PAUSE * 100
    ]
