"""Brings sound to our rate while it arrives, by a polyphase filter (windowed sinc)."""

from __future__ import annotations

from math import ceil, gcd

import numpy as np

from vtuber.core.sound import RATE, Samples

_CROSSINGS = 16
"""Zero crossings of the sinc on each side: more is steeper."""
_PASSED = 0.94
"""The share of the narrower band that is kept whole."""
_BETA = 8.0
"""Of the Kaiser window: about 80 dB of what lies beyond the band is removed."""
_MOST_PHASES = 1024
"""Filters for positions between two samples. All usual rates need fewer, and are exact."""


class Resampler:
    """From ``rate`` samples a second, from 1,000 to 400,000, to ``RATE``. Nothing is late: it begins at 0."""

    def __init__(self, rate: int) -> None:
        common = gcd(rate, RATE)
        self._step, self._per = rate // common, RATE // common  # our sample i is at theirs i * step / per
        self._is_same = rate == RATE
        cutoff = _PASSED * min(1.0, RATE / rate)
        self._half = ceil(_CROSSINGS / cutoff)
        self._phases = min(self._per, _MOST_PHASES)
        offsets = np.arange(-self._half + 1, self._half + 1)
        times = offsets[None, :] - np.arange(self._phases + 1)[:, None] / self._phases
        window = np.i0(_BETA * np.sqrt(np.clip(1 - (times / (self._half + 1)) ** 2, 0, 1))) / np.i0(_BETA)
        filters = cutoff * np.sinc(cutoff * times) * window
        self._filters = (filters / filters.sum(axis=1, keepdims=True)).astype(np.float32)
        self._held = np.zeros(self._half - 1, np.float32)
        self._first = 1 - self._half  # where in their sound ``_held`` begins
        self._taken = self._given = 0  # samples of theirs, of ours

    def feed(self, samples: Samples) -> Samples:
        """Takes more of the sound. Gives what can be computed by now."""
        self._taken += len(samples)
        if self._is_same:
            return samples
        self._held = np.concatenate([self._held, samples])
        return self._make((self._taken - self._half) * self._per // self._step)

    def finish(self) -> Samples:
        """The rest: silence follows."""
        if self._is_same:
            return np.zeros(0, np.float32)
        self._held = np.concatenate([self._held, np.zeros(2 * self._half, np.float32)])
        return self._make(round(self._taken * self._per / self._step))

    def _make(self, until: int) -> Samples:
        """Our samples from where we are to ``until``."""
        if until <= self._given:
            return np.zeros(0, np.float32)
        at = np.arange(self._given, until, dtype=np.int64) * self._step
        whole, part = at // self._per, at % self._per
        phase = np.round(part * (self._phases / self._per)).astype(np.int64)
        begin = whole - self._half + 1 - self._first
        taps = np.lib.stride_tricks.sliding_window_view(self._held, 2 * self._half)
        made: Samples = np.einsum("ij,ij->i", taps[begin], self._filters[phase]).astype(np.float32)
        self._given = until
        keep = until * self._step // self._per - self._half + 1 - self._first
        keep = min(max(keep, 0), len(self._held))
        self._held = self._held[keep:]
        self._first += keep
        return made
