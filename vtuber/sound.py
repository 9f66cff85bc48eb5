"""Sound as numbers: the one format of the house, its duration, loudness and mouth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 24_000
"""Samples per second, everywhere in the house."""

SAMPLE_BYTES = 2

MOUTH_STEP = 0.04
"""Seconds that one value of a mouth track covers."""

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
    """That many seconds of nothing."""
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
