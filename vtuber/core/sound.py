"""Sound as numbers: the one format that is used everywhere, its duration and loudness."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 24_000
"""Samples per second, everywhere."""

SAMPLE_BYTES = 2

Samples = npt.NDArray[np.float32]
"""Mono samples in -1..1, shape (n,)."""


def to_pcm(samples: Samples) -> bytes:
    """Samples as 16-bit little-endian; what lies outside -1..1 is clipped."""
    return (np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()


def from_pcm(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768.0


def seconds(pcm: bytes) -> float:
    return len(pcm) / (RATE * SAMPLE_BYTES)


def silence(duration: float) -> bytes:
    """``duration`` seconds of silence."""
    return bytes(round(duration * RATE) * SAMPLE_BYTES)


QUIET = -50.0
"""dBFS below which speech counts as silence."""

_FRAME = RATE // 100  # loudness is measured in steps of 10 ms


def _powers(samples: Samples) -> Samples:
    """The mean square of each whole frame."""
    whole = samples[: len(samples) // _FRAME * _FRAME]
    powers: Samples = np.mean(whole.reshape(-1, _FRAME) ** 2, axis=1, dtype=np.float32)
    return powers


def _decibels(power: float) -> float:
    return float(10 * np.log10(power + 1e-12))


def loudness(samples: Samples) -> float:
    """RMS in dBFS of all that is not silence; -120 when everything is."""
    powers = _powers(samples)
    loud = powers[powers > 10 ** (QUIET / 10)]
    return _decibels(float(loud.mean())) if len(loud) else -120.0


def heard_seconds(samples: Samples) -> float:
    """Seconds to the end of what is not silence; 0 when all of it is."""
    loud = np.flatnonzero(_powers(samples) > 10 ** (QUIET / 10))
    return (int(loud[-1]) + 1) * _FRAME / RATE if len(loud) else 0.0


class Trimmer:
    """Removes the silence at both ends of a clip while it arrives. Pauses inside it stay.

    Where there is none, because it begins or breaks off in the middle of a sound, it is faded, so that it
    joins others without a click.
    """

    _LEAD = 2  # frames kept before the first sound
    _ATTACK = RATE // 500

    def __init__(self) -> None:
        self.skipped = 0.0
        """Seconds removed from the beginning."""
        self._begun = False
        self._held = np.zeros(0, np.float32)

    def feed(self, samples: Samples) -> Samples:
        """Takes more of the clip. Gives what is certainly not at its end: all but the last sounding frame."""
        held = np.concatenate([self._held, samples])
        loud = np.flatnonzero(_powers(held) > 10 ** (QUIET / 10))
        keep = 0
        if len(loud):
            if not self._begun:
                keep = max(0, int(loud[0]) - self._LEAD) * _FRAME
                held[keep : keep + self._ATTACK] *= np.linspace(0, 1, self._ATTACK, dtype=np.float32)
            self._begun = True
            end = max(keep, int(loud[-1]) * _FRAME)
        else:
            end = 0 if self._begun else max(0, len(held) // _FRAME - self._LEAD) * _FRAME
            keep = end
        self.skipped += keep / RATE
        self._held = held[end:]
        return held[keep:end]

    def finish(self, pause: float) -> Samples:
        """The last sound, and a pause of ``pause`` seconds into which it fades. Empty when there was none."""
        if not self._begun:
            self.skipped += len(self._held) / RATE
            return np.zeros(0, np.float32)
        length = _FRAME + round(pause * RATE)
        rest = self._held[:length]
        fade = min(len(rest), _FRAME)
        if fade:
            rest[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        return np.concatenate([rest, np.zeros(length - len(rest), np.float32)])
