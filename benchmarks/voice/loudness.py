"""How even her loudness is, between lines and between voices.

Each voice speaks 200 lines through the router. The services of the online ones speak at -19 LUFS (English)
and -22 (Chinese), and at -27. Of each line: its integrated loudness (ITU-R BS.1770), its true peak at four
times the rate, and samples that are clipped; the first line of a voice is told apart, before its loudness was
known.

    python -m benchmarks.voice.loudness [--lines 200] [--voices hibari kokoro edge openai]
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import loudness
import numpy as np

from benchmarks.rates import percentile
from benchmarks.voice.bare import spoken
from benchmarks.voice.chain import main, started
from vtuber.core.sound import RATE, Samples

AIM, CEILING = -16.0, -1.0
"""LUFS, and dBTP."""
_FULL = 32766 / 32768
"""A sample of 16 bits that is as large was clipped, or nearly."""
_SHORTEST = 0.4
"""Seconds of sound whose loudness is defined."""


@dataclass(frozen=True, slots=True)
class Line:
    lufs: float
    peak: float
    """dBTP."""
    clipped: int
    """Samples."""


def true_peak(samples: Samples) -> float:
    """dBTP: the highest of the samples, and of three points between any two, by Fourier's transform."""
    count = len(samples)
    padded = np.fft.irfft(np.fft.rfft(samples.astype(np.float64)), 4 * count) * 4
    return float(20 * np.log10(max(np.abs(padded).max(), 1e-9)))


def measured(samples: Samples) -> Line:
    """What is heard of one line."""
    lufs = float(loudness.integrated_loudness(samples, RATE))
    return Line(lufs, true_peak(samples), int((np.abs(samples) >= _FULL).sum()))


async def measure(name: str, count: int) -> list[Line]:
    """The lines of one voice, in the order in which they were spoken."""
    async with started(name) as chain:
        if chain.pace:
            chain.pace.is_real = False
        found = []
        for line in await chain.lines(count):
            heard = await spoken(chain.router, line)
            if heard.seconds >= _SHORTEST:
                found.append(measured(heard.samples))
    return found


async def _report(names: Sequence[str], count: int) -> None:
    medians = {}
    for name in names:
        lines = await measure(name, count)
        lufs = [line.lufs for line in lines[1:]]
        medians[name] = statistics.median(lufs)
        print(
            f"{name:7} {len(lines)} lines: LUFS median {medians[name]:.1f} (aim {AIM:g}), "
            f"p5 {percentile(lufs, 0.05):.1f}, p95 {percentile(lufs, 0.95):.1f}, "
            f"first line {lines[0].lufs:.1f}; true peak at most {max(line.peak for line in lines):.2f} dBTP "
            f"(aim {CEILING:g}); clipped samples {sum(line.clipped for line in lines)}",
            flush=True,
        )
    print(f"between voices: {max(medians.values()) - min(medians.values()):.1f} dB (of medians)")


if __name__ == "__main__":
    main(_report, __doc__, lines=200)
