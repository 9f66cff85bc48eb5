"""Bringing sound of any rate to ours, while it arrives."""

from __future__ import annotations

import numpy as np
import pytest

from vtuber.core.sound import RATE, Samples
from vtuber.voice.speech.resampler import Resampler

RATES = [8000, 11_025, 16_000, 22_050, 23_999, 32_000, 44_100, 48_000, 96_000]


def tone(hertz: float, rate: int) -> Samples:
    return np.sin(2 * np.pi * hertz * np.arange(rate) / rate).astype(np.float32)


def resampled(samples: Samples, rate: int, step: int) -> Samples:
    resampler = Resampler(rate)
    parts = [resampler.feed(samples[at : at + step]) for at in range(0, len(samples), step)]
    return np.concatenate([*parts, resampler.finish()])


def decibels(samples: Samples) -> float:
    return float(20 * np.log10(np.abs(samples[400:-400]).max() + 1e-9))


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_stays_the_same_tone_at_the_same_time(rate: int) -> None:
    made = resampled(tone(1000, rate), rate, 997)
    assert len(made) == RATE
    assert decibels(made - tone(1000, RATE)) < -70


@pytest.mark.parametrize("rate", [RATE, *RATES])
def test_in_parts_it_is_exactly_what_it_is_as_a_whole(rate: int) -> None:
    samples = tone(440, rate)[: rate // 10]
    assert np.array_equal(resampled(samples, rate, 7), resampled(samples, rate, rate))


@pytest.mark.parametrize("rate", [32_000, 44_100, 48_000, 96_000])
def test_what_is_too_high_for_our_rate_vanishes(rate: int) -> None:
    assert decibels(resampled(tone(14_500, rate), rate, 1000)) < -70


def test_nothing_gives_nothing() -> None:
    assert len(resampled(np.zeros(0, np.float32), 48_000, 10)) == 0
