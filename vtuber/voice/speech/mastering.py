"""The last hand on a voice's sound: all voices equally loud, no peak too high, no silence at the ends.

Loudness is measured as broadcasters do (ITU-R BS.1770, in LUFS), and so are peaks: between samples, too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import loudness
import numpy as np

from vtuber.core import sound
from vtuber.core.events import Chunk, Sound, Timed
from vtuber.core.sound import RATE, Samples

CEILING = 10 ** (-1.5 / 20)
"""No peak is higher: -1.5 dB, of which half a decibel is spare: what stands between samples is estimated."""

_WINDOW = 8.0
"""Seconds of a voice by which its loudness is judged."""
_AGAIN = 1.0
"""Seconds of new sound after which it is judged again."""
_BLOCK = round(0.4 * RATE)
"""The shortest sound whose loudness is defined."""
_BOLDER = 2.0
"""Decibels by which a sentence begins louder than it goes on: the first of a voice tells its loudness so."""
_BEGINNING = 2.0
"""Seconds after which nothing is left of that."""
_SILENT = -60.0
"""LUFS below which there is no speech to be judged."""
_MOST = 40.0
"""Decibels by which a voice is made louder at most."""


class VoiceLevel:
    """How loud one voice is. It is kept from sentence to sentence."""

    def __init__(self, target: float) -> None:
        """``target``: the loudness that all voices are brought to, in LUFS."""
        self.gain: float | None = None
        """The factor that brings it there; None while it was not heard."""
        self._target = target
        self._recent: deque[Samples] = deque()
        self._kept = self._new = 0

    def aim(self, target: float) -> None:
        """Another loudness is wanted from now on, in LUFS."""
        if self.gain is not None:
            self.gain *= 10 ** ((target - self._target) / 20)
        self._target = target

    def hear(self, samples: Samples) -> None:
        """Takes more of its sound, as the voice made it."""
        self._recent.append(samples)
        self._kept += len(samples)
        self._new += len(samples)
        while self._kept - len(self._recent[0]) > _WINDOW * RATE:
            self._kept -= len(self._recent.popleft())
        if self._new >= min(_AGAIN * RATE, self._kept / 2):  # more and more rarely
            self._judge()

    def _judge(self) -> None:
        heard = np.concatenate(self._recent)
        if not len(heard):
            return
        if len(heard) < _BLOCK:
            heard = np.resize(heard, _BLOCK)  # again and again
        measured = loudness.integrated_loudness(heard, RATE)
        if measured > _SILENT:
            self._new = 0
            measured -= _BOLDER * max(0.0, 1 - self._kept / RATE / _BEGINNING)
            self.gain = 10 ** (min(self._target - measured, _MOST) / 20)


class Limiter:
    """Turns the sound down around each peak that would be higher than ``CEILING``, and slowly up again."""

    _FRAME = RATE // 1000
    _AHEAD = 5
    """Frames before a peak from which on the sound is turned down."""
    _RELEASE = 0.02
    """The share of what it was turned down that it is turned up again in each frame."""

    def __init__(self) -> None:
        self._held = np.zeros(0, np.float32)
        self._gain = 1.0
        self._begun = False

    def feed(self, samples: Samples) -> Samples:
        """Takes more sound. Gives what no later peak can change: all but the last few milliseconds."""
        self._held = np.concatenate([self._held, samples])
        return self._give(max(0, len(self._held) // self._FRAME - self._AHEAD))

    def finish(self) -> Samples:
        """The rest."""
        frames = -(-len(self._held) // self._FRAME)
        whole = len(self._held)
        self._held = np.pad(self._held, (0, frames * self._FRAME - whole))
        return self._give(frames)[:whole]

    def _give(self, frames: int) -> Samples:
        if not frames:
            return np.zeros(0, np.float32)
        given = self._held[: frames * self._FRAME]
        peaks = _peaks(self._held, self._FRAME)
        self._held = self._held[len(given) :]
        allowed = np.minimum(1.0, CEILING / np.maximum(peaks, CEILING))
        if not self._begun:  # a peak at once leaves no time to turn it down
            self._begun, self._gain = True, float(allowed[: self._AHEAD + 1].min())
        if self._gain > 0.999 and peaks.max() <= CEILING:
            return given
        gains = [self._gain]
        for at in range(frames):
            risen = gains[-1] + (1 - gains[-1]) * self._RELEASE
            gains.append(min(risen, float(allowed[at : at + self._AHEAD + 1].min())))
        self._gain = gains[-1]
        places = np.arange(len(given)) / self._FRAME
        return (given * np.interp(places, np.arange(frames + 1), gains)).astype(np.float32)


class Mastering:
    """Takes what a voice makes of one sentence; gives it as it is to be heard, and its words in time.

    ``gain``: how many dB louder than all other speech it is to be.
    """

    def __init__(self, level: VoiceLevel, gain: float = 0.0) -> None:
        self._level = level
        self._louder = 10 ** (gain / 20)
        self._last: float | None = level.gain
        self._limiter = Limiter()
        self._trimmer = sound.Trimmer()
        self._timed: list[Timed] = []  # until it is known when the sound begins
        self.is_heard = False
        """Whether anything of it is not silence."""

    def feed(self, item: Chunk) -> Iterator[Chunk]:
        if isinstance(item, Sound):
            yield from self._sounding(self._limiter.feed(self._leveled(sound.from_pcm(item.pcm))))
        else:
            self._timed.append(item)
        if self.is_heard:
            yield from self._due()

    def finish(self, pause: float) -> Iterator[Chunk]:
        """The rest, and ``pause`` seconds of silence; nothing where nothing can be heard."""
        yield from self._sounding(self._limiter.finish())
        if len(rest := self._trimmer.finish(pause)):
            self.is_heard = True
            yield from self._due()
            yield Sound(sound.to_pcm(rest))

    def _leveled(self, samples: Samples) -> Samples:
        self._level.hear(samples)
        gain = 1.0 if self._level.gain is None else self._level.gain
        before, self._last = gain if self._last is None else self._last, gain
        return samples * np.linspace(before, gain, len(samples), dtype=np.float32) * np.float32(self._louder)

    def _sounding(self, samples: Samples) -> Iterator[Chunk]:
        trimmed = self._trimmer.feed(samples)
        if len(trimmed):
            self.is_heard = True
            yield from self._due()
            yield Sound(sound.to_pcm(trimmed))

    def _due(self) -> Iterator[Timed]:
        skipped = self._trimmer.skipped
        for timed in self._timed:
            yield replace(timed, start=max(timed.start - skipped, 0.0), end=max(timed.end - skipped, 0.0))
        self._timed = []


def _peaks(samples: Samples, frame: int) -> Samples:
    """The true peak of each frame: of the samples, and of three points between any two of them."""
    highest = np.abs(samples)
    around = np.pad(samples, _REACH)
    for taps in _BETWEEN:
        between = np.abs(np.convolve(around, taps, "valid"))
        highest = np.maximum(highest, np.maximum(between, np.append(between[1:], 0)))
    padded = np.pad(highest, (0, -len(highest) % frame))
    peaks: Samples = padded.reshape(-1, frame).max(axis=1)
    return peaks


_REACH = 20


def _interpolators() -> list[Samples]:
    """Filters that give the sound a quarter, a half and three quarters of a sample later."""
    places = np.arange(-_REACH, _REACH + 1)
    window = np.kaiser(len(places), 3.0)
    return [(np.sinc(places - part) * window).astype(np.float32) for part in (0.25, 0.5, 0.75)]


_BETWEEN = _interpolators()
