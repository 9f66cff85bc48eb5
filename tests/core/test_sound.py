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


def test_mouth_is_shut_in_silence_and_open_in_speech() -> None:
    track = sound.mouth(sound.to_pcm(np.concatenate([quiet(0.4), tone(0.4, -15)])))
    assert len(track) == 20
    assert track[:9] == [0.0] * 9
    assert min(track[11:]) > 0.95
    assert sound.mouth(b"") == []


@pytest.mark.parametrize(("level", "opened"), [(-60, 0), (-45, 0), (-36, 0.3), (-30, 0.5), (-15, 1), (-6, 1)])
def test_the_mouth_opens_with_the_decibels(level: float, opened: float) -> None:
    assert sound.mouth(sound.to_pcm(tone(0.2, level))) == [pytest.approx(opened, abs=0.01)] * 5


def test_a_mouth_step_that_has_begun_has_a_value() -> None:
    assert len(sound.mouth(sound.silence(0.41))) == 11


def test_what_is_under_fifty_decibels_is_silence() -> None:
    assert sound.loudness(np.concatenate([tone(1, -20), tone(5, -52)])) == pytest.approx(-20, abs=0.1)
    assert sound.loudness(tone(1, -48)) == pytest.approx(-48, abs=0.1)
    assert sound.loudness(tone(1, -52)) == -120


def test_loudness_leaves_silence_out() -> None:
    assert sound.loudness(tone(1, -20)) == pytest.approx(-20, abs=0.1)
    assert sound.loudness(np.concatenate([tone(1, -20), quiet(5)])) == pytest.approx(-20, abs=0.1)
    assert sound.loudness(quiet(1)) == -120
    assert sound.loudness(quiet(0)) == -120


def test_limited_bends_only_peaks() -> None:
    samples = np.linspace(-5, 5, 1001, dtype=np.float32)
    bent = sound.limited(samples)
    assert np.abs(bent).max() < 1
    soft = np.abs(samples) <= 0.7
    assert np.array_equal(bent[soft], samples[soft])
    assert (np.diff(bent) >= 0).all()
    assert np.diff(bent).max() <= np.diff(samples).max() * 1.01  # without a jump at the knee
    assert np.array_equal(np.sign(bent), np.sign(samples))
    assert sound.limited(np.array([1.0], np.float32))[0] == pytest.approx(0.928, abs=0.001)


@pytest.mark.parametrize("level", [-40, -28, -12])
@pytest.mark.parametrize("step", [100, 2400, 100_000])
def test_leveler_brings_any_voice_to_the_target(level: float, step: int) -> None:
    leveler = sound.Leveler(-20)
    samples = np.concatenate([quiet(0.2), tone(2, level)])
    parts = [leveler.feed(samples[at : at + step]) for at in range(0, len(samples), step)]
    settled = np.concatenate([*parts, leveler.finish()])
    assert len(settled) == len(samples)
    assert sound.loudness(settled) == pytest.approx(-20, abs=1)


def test_leveler_with_a_former_gain_holds_nothing_back() -> None:
    first = sound.Leveler(-20)
    first.feed(tone(1, -30))
    second = sound.Leveler(-20, first.gain)
    assert len(second.feed(tone(0.05, -30))) == round(0.05 * sound.RATE)
    assert second.gain == pytest.approx(first.gain, rel=0.05)


@pytest.mark.parametrize("step", [100, 2400, 100_000])
def test_leveler_measures_each_part_once(step: int) -> None:
    leveler = sound.Leveler(-20)
    samples = np.concatenate([tone(1, -30), quiet(1), tone(1, -10)])
    for at in range(0, len(samples), step):
        leveler.feed(samples[at : at + step])
    leveler.finish()
    power = (10**-3.0 + 10**-1.0) / 2
    assert leveler.gain**2 * power == pytest.approx(10**-2.0, rel=0.02)


def test_a_former_gain_counts_as_three_seconds_of_speech_and_changes_smoothly() -> None:
    leveler = sound.Leveler(-20, 1.0)
    level = np.full(3 * sound.RATE, 0.01, np.float32)  # -40 dBFS
    settled = leveler.feed(level)
    assert leveler.gain**2 == pytest.approx(10**-2.0 / ((10**-2.0 + 10**-4.0) / 2), rel=0.001)
    assert settled[0] == pytest.approx(0.01)
    assert settled[-1] == pytest.approx(0.01 * leveler.gain)
    assert (np.diff(settled) >= 0).all()


def test_nothing_is_made_louder_than_thirty_times() -> None:
    leveler = sound.Leveler(-6)
    leveler.feed(tone(1, -49))
    assert leveler.gain == 30


def test_leveler_leaves_silence_silent() -> None:
    leveler = sound.Leveler(-20)
    leveler.feed(quiet(1))
    assert not leveler.finish().any()


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
    assert len(end) == 0.1 * sound.RATE
    assert (end[: -sound.RATE // 100] == np.float32(0.002)).all()
    assert (np.diff(end[-sound.RATE // 100 :]) < 0).all()
    assert end[-1] == 0
