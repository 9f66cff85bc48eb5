"""The shape of a mouth that speaks."""

from __future__ import annotations

import numpy as np
import pytest

from vtuber.core import mouth, sound
from vtuber.core.events import Viseme


def tone(seconds: float, level: float) -> sound.Samples:
    """A tone with an RMS of ``level`` dBFS."""
    time = np.arange(round(seconds * sound.RATE)) / sound.RATE
    wave = np.sqrt(2) * 10 ** (level / 20) * np.sin(2 * np.pi * 200 * time)
    return np.asarray(wave, np.float32)


def quiet(seconds: float) -> sound.Samples:
    return np.zeros(round(seconds * sound.RATE), np.float32)


def test_it_is_shut_in_silence_and_open_in_speech() -> None:
    samples = np.concatenate([quiet(0.4), tone(0.4, -14)])
    opened = mouth.openness(samples)
    assert len(opened) == len(mouth.shapes(samples)) == 40
    assert opened[:20] == [0.0] * 20
    assert min(opened[20:]) > 0.95
    assert mouth.shapes(samples)[:20] == "X" * 20
    assert "X" not in mouth.shapes(samples)[20:]


def test_without_sound_there_is_no_step() -> None:
    assert mouth.openness(quiet(0)) == []
    assert mouth.shapes(quiet(0)) == ""


@pytest.mark.parametrize(
    ("level", "opened"), [(-60, 0), (-42, 0), (-35, 0.25), (-28, 0.5), (-14, 1), (-6, 1)]
)
def test_it_opens_with_the_decibels(level: float, opened: float) -> None:
    assert mouth.openness(tone(0.2, level)) == [pytest.approx(opened, abs=0.01)] * 10


def test_a_step_that_has_begun_has_a_value() -> None:
    opened = mouth.openness(tone(0.105, -28))
    assert opened == [pytest.approx(0.5, abs=0.05)] * 6
    assert len(mouth.shapes(tone(0.105, -28))) == 6


def test_the_voice_knows_best_what_it_forms() -> None:
    visemes = [Viseme("U", 0.9, 1.1), Viseme("X", 1.1, 1.16), Viseme("I", 1.16, 1.2), Viseme("O", 1.5, 9.0)]
    shapes = mouth.shapes(tone(0.4, -20), visemes, 1.0)
    assert shapes[:10] == "UUUUUXXXII"
    assert len(shapes) == 20
    assert mouth.shapes(tone(0.4, -20), visemes, 20.0) == mouth.shapes(tone(0.4, -20))
