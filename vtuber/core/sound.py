"""Sound as numbers: the one format that is used everywhere, its duration, loudness and mouth shapes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 24_000
"""Samples per second, everywhere."""

SAMPLE_BYTES = 2

MOUTH_STEP = 0.04
"""Seconds that one value of ``mouth`` covers."""

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


def mouth(pcm: bytes) -> list[float]:
    """How far the mouth is open, 0..1, for each ``MOUTH_STEP`` of the sound.

    Loudness (RMS) on a decibel scale: -45 dBFS is closed, -15 dBFS is wide open, which fits speech
    normalised to about -20 dBFS.
    """
    samples = from_pcm(pcm)
    step = round(MOUTH_STEP * RATE)
    frames = -(-len(samples) // step)
    padded = np.zeros(frames * step, np.float32)
    padded[: len(samples)] = samples
    rms = np.sqrt(np.mean(padded.reshape(frames, step) ** 2, axis=1) + 1e-12)
    opened = np.clip((20 * np.log10(rms) + 45) / 30, 0.0, 1.0)
    return [round(float(value), 2) for value in opened]


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


def limited(samples: Samples) -> Samples:
    """The samples with peaks above 0.7 bent softly, so that none reaches 1."""
    knee = 0.7
    sizes = np.abs(samples)
    bent = knee + (1 - knee) * np.tanh((sizes - knee) / (1 - knee))
    return np.where(sizes > knee, np.sign(samples) * np.minimum(bent, 0.999), samples).astype(np.float32)


class Leveler:
    """Brings a clip to the loudness ``target`` (RMS, dBFS) while it arrives, by what has arrived so far.

    Without a ``gain`` to begin with (that of the voice's last clip), it holds back the first quarter second
    of speech.
    """

    _ENOUGH = 25  # frames of speech that tell how loud it is
    _TRUST = 300.0  # frames of speech that the given gain counts for

    def __init__(self, target: float, gain: float = 0.0) -> None:
        self.gain = gain
        """The factor that the samples are multiplied by; 0 while it is unknown."""
        self._target = 10 ** (target / 10)
        self._frames = self._TRUST if gain else 0.0
        self._power = self._frames * self._target / gain**2 if gain else 0.0
        self._held = np.zeros(0, np.float32)
        self._unmeasured = np.zeros(0, np.float32)

    def feed(self, samples: Samples) -> Samples:
        """Takes more of the clip. Gives what is ready, at the right loudness."""
        self._unmeasured = np.concatenate([self._unmeasured, samples])
        powers = _powers(self._unmeasured)
        self._unmeasured = self._unmeasured[len(powers) * _FRAME :]
        loud = powers[powers > 10 ** (QUIET / 10)]
        self._power += float(loud.sum())
        self._frames += len(loud)
        self._held = np.concatenate([self._held, samples])
        return self.finish() if self._frames >= self._ENOUGH else np.zeros(0, np.float32)

    def finish(self) -> Samples:
        """What was held back, at the right loudness."""
        held, self._held = self._held, np.zeros(0, np.float32)
        if not self._power:
            return held
        gain = min((self._target * self._frames / self._power) ** 0.5, 30.0)
        ramp = np.linspace(self.gain or gain, gain, len(held), dtype=np.float32)
        self.gain = gain
        return limited(held * ramp)


class Trimmer:
    """Removes the silence at both ends of a clip while it arrives. Pauses inside it stay."""

    _LEAD = 2  # frames kept before the first sound

    def __init__(self) -> None:
        self.skipped = 0.0
        """Seconds removed from the beginning."""
        self._begun = False
        self._held = np.zeros(0, np.float32)

    def feed(self, samples: Samples) -> Samples:
        """Takes more of the clip. Gives what is certainly not silence at its end."""
        held = np.concatenate([self._held, samples])
        loud = np.flatnonzero(_powers(held) > 10 ** (QUIET / 10))
        keep = 0
        if len(loud):
            if not self._begun:
                keep = max(0, int(loud[0]) - self._LEAD) * _FRAME
            self._begun = True
            end = (int(loud[-1]) + 1) * _FRAME
        else:
            end = 0 if self._begun else max(0, len(held) // _FRAME - self._LEAD) * _FRAME
            keep = end
        self.skipped += keep / RATE
        self._held = held[end:]
        return held[keep:end]

    def finish(self, pause: float) -> Samples:
        """A pause of ``pause`` seconds, into which the last sound fades. Empty when there was no sound."""
        if not self._begun:
            self.skipped += len(self._held) / RATE
            return np.zeros(0, np.float32)
        length = round(pause * RATE)
        rest = self._held[:length]
        fade = min(len(rest), _FRAME)
        if fade:
            rest[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        return np.concatenate([rest, np.zeros(length - len(rest), np.float32)])
