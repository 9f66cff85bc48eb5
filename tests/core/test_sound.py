"""Sound as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from vtuber.core import sound


def tone(seconds: float, level: float) -> sound.Samples:
    """A tone with an RMS of ``level`` dBFS."""
    time = np.arange(round(seconds * sound.RATE)) / sound.RATE
    wave = np.sqrt(2) * 10 ** (level / 20) * np.sin(2 * np.pi * 200 * time)
    return np.asarray(wave, np.float32)


def quiet(seconds: float) -> sound.Samples:
    return np.zeros(round(seconds * sound.RATE), np.float32)


def test_pcm_there_and_back() -> None:
    samples = tone(0.1, -20)
    assert np.abs(sound.from_pcm(sound.to_pcm(samples)) - samples).max() < 1e-4
    assert sound.to_pcm(np.array([2.0, -2.0], np.float32)) == b"\xff\x7f\x01\x80"
    assert sound.seconds(sound.silence(0.25)) == 0.25


def test_what_is_under_fifty_decibels_is_silence() -> None:
    assert sound.loudness(np.concatenate([tone(1, -20), tone(5, -52)])) == pytest.approx(-20, abs=0.1)
    assert sound.loudness(tone(1, -48)) == pytest.approx(-48, abs=0.1)
    assert sound.loudness(tone(1, -52)) == -120


def test_where_the_last_sound_ends() -> None:
    assert sound.heard_seconds(np.concatenate([quiet(0.3), tone(0.5, -20), quiet(1)])) == pytest.approx(0.8)
    assert sound.heard_seconds(quiet(1)) == 0


def test_loudness_leaves_silence_out() -> None:
    assert sound.loudness(tone(1, -20)) == pytest.approx(-20, abs=0.1)
    assert sound.loudness(np.concatenate([tone(1, -20), quiet(5)])) == pytest.approx(-20, abs=0.1)
    assert sound.loudness(quiet(1)) == -120
    assert sound.loudness(quiet(0)) == -120


@pytest.mark.parametrize("step", [70, 240, 1000, 100_000])
def test_trimmer_takes_silence_off_both_ends(step: int) -> None:
    trimmer = sound.Trimmer()
    samples = np.concatenate([quiet(0.5), tone(0.5, -20), quiet(0.3), tone(0.5, -20), quiet(2)])
    parts = [trimmer.feed(samples[at : at + step]) for at in range(0, len(samples), step)]
    trimmed = np.concatenate([*parts, trimmer.finish(0.2)])
    assert trimmer.skipped == pytest.approx(0.48)
    assert len(trimmed) / sound.RATE == pytest.approx(0.02 + 0.5 + 0.3 + 0.5 + 0.2)
    assert trimmed.any()
    assert not trimmed[-240:].any()


def test_trimmer_of_silence_leaves_nothing() -> None:
    trimmer = sound.Trimmer()
    assert len(trimmer.feed(quiet(1))) == 0
    assert len(trimmer.finish(0.2)) == 0
    assert trimmer.skipped == pytest.approx(1.0)


def test_what_is_left_of_the_last_sound_fades_into_the_pause() -> None:
    trimmer = sound.Trimmer()
    trimmer.feed(np.concatenate([tone(0.1, -20), np.full(sound.RATE, 0.002, np.float32)]))  # -54 dBFS
    end = trimmer.finish(0.1)
    assert len(end) == 0.11 * sound.RATE  # with its last frame
    assert (end[sound.RATE // 100 : -sound.RATE // 100] == np.float32(0.002)).all()
    assert (np.diff(end[-sound.RATE // 100 :]) < 0).all()
    assert end[-1] == 0
