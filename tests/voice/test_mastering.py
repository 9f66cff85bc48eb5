"""All voices are equally loud, no peak is too high, and clips begin and end where speech does."""

from __future__ import annotations

import loudness
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from vtuber.core import sound
from vtuber.core.events import Sound, Word
from vtuber.core.sound import RATE, Samples
from vtuber.voice.speech.mastering import CEILING, Limiter, Mastering, VoiceLevel

TARGET = -16.0


def speech(seconds: float, level: float, seed: int = 1) -> Samples:
    """Something like syllables: buzzes of 180 Hz, four a second, with a peak of ``level``."""
    moments = np.arange(round(seconds * RATE)) / RATE
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, 30)
    buzz = np.sum([np.sin(2 * np.pi * 180 * n * moments + phases[n]) / n for n in range(1, 30)], axis=0)
    made = buzz * (0.15 + np.abs(np.sin(2 * np.pi * 2 * moments)))
    samples: Samples = (made / np.abs(made).max() * level).astype(np.float32)
    return samples


def mastered(
    level: VoiceLevel, samples: Samples, *, chunk: int = 6000, gain: float = 0.0, pause: float = 0.2
) -> Samples:
    mastering = Mastering(level, gain)
    chunks = [Sound(sound.to_pcm(samples[at : at + chunk])) for at in range(0, len(samples), chunk)]
    items = [item for one in chunks for item in mastering.feed(one)] + [*mastering.finish(pause)]
    return np.concatenate([sound.from_pcm(item.pcm) for item in items if isinstance(item, Sound)])


def true_peak(samples: Samples) -> float:
    """In dB, of the sound at four times its rate."""
    padded = np.pad(samples, RATE // 10)
    spectrum = np.zeros(2 * len(padded) + 1, complex)
    spectrum[: len(padded) // 2 + 1] = np.fft.rfft(padded)
    return float(20 * np.log10(np.abs(np.fft.irfft(spectrum, 4 * len(padded)) * 4).max() + 1e-9))


@pytest.mark.parametrize("peak", [0.01, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("chunk", [500, 6000, 10**6])
def test_a_quiet_voice_and_a_loud_one_are_equally_loud(peak: float, chunk: int) -> None:
    level = VoiceLevel(TARGET)
    clips = [mastered(level, speech(3.0, peak, seed), chunk=chunk) for seed in range(4)]
    measured = [loudness.integrated_loudness(clip, RATE) for clip in clips]
    assert np.allclose(measured, TARGET, atol=1.5)
    assert max(map(true_peak, clips)) < -1.0


@pytest.mark.parametrize("bolder", [0.0, 2.0, 3.5])
def test_the_first_sentence_of_a_voice_is_hardly_quieter(bolder: float) -> None:
    """Though she begins it louder than she goes on, as people do."""
    samples = speech(3.0, 0.2)
    samples[: RATE // 2] *= 10 ** (bolder / 20)
    measured = loudness.integrated_loudness(mastered(VoiceLevel(TARGET), samples), RATE)
    assert measured == pytest.approx(TARGET, abs=1.0)


def test_a_sentence_may_be_quieter_than_the_rest() -> None:
    level = VoiceLevel(TARGET)
    mastered(level, speech(3.0, 0.2))
    usual, quieter = [mastered(level, speech(3.0, 0.2), gain=gain) for gain in (0.0, -6.0)]
    difference = loudness.integrated_loudness(quieter, RATE) - loudness.integrated_loudness(usual, RATE)
    assert difference == pytest.approx(-6, abs=0.5)


@settings(max_examples=40)
@given(
    arrays.arrays(np.float32, st.integers(0, 3000), elements=st.floats(-3, 3, width=32)),
    st.integers(1, 2000),
)
def test_no_sample_passes_the_limiter_above_its_ceiling(samples: Samples, chunk: int) -> None:
    limiter = Limiter()
    given_out = [limiter.feed(samples[at : at + chunk]) for at in range(0, len(samples), chunk)]
    limited = np.concatenate([*given_out, limiter.finish()])
    assert limited.shape == samples.shape
    assert np.abs(limited).max(initial=0.0) <= CEILING * 1.0001


def test_what_has_no_peaks_passes_the_limiter_unchanged() -> None:
    samples = speech(1.0, 0.7)
    limiter = Limiter()
    assert np.array_equal(np.concatenate([limiter.feed(samples), limiter.finish()]), samples)


@pytest.mark.parametrize("pause", [0.0, 0.2])
@pytest.mark.parametrize("chunk", [100, 240, 6000])
def test_sound_that_begins_and_breaks_off_at_its_loudest_makes_no_click(chunk: int, pause: float) -> None:
    time = np.arange(RATE * 2 + 37) / RATE
    samples = np.cos(2 * np.pi * 100 * time).astype(np.float32) * np.float32(0.5)
    clip = mastered(VoiceLevel(TARGET), samples, chunk=chunk, pause=pause)
    joined = np.concatenate([clip, clip])
    assert np.abs(np.diff(joined, prepend=0, append=0)).max() < 0.05  # the tone itself: 0.02
    assert len(clip) == pytest.approx(len(samples) + pause * RATE, abs=240)


def test_silence_at_the_ends_is_cut_and_words_move_with_it() -> None:
    silence = np.zeros(RATE // 2, np.float32)
    mastering = Mastering(VoiceLevel(TARGET))
    whole = np.concatenate([silence, speech(1.0, 0.3), silence])
    items = [*mastering.feed(Word("one", 0.5, 1.0)), *mastering.feed(Word("two", 1.0, 1.5))]
    assert items == []  # it is not known yet when the sound begins
    items = [*mastering.feed(Sound(sound.to_pcm(whole))), *mastering.finish(0.2)]
    words = [item for item in items if isinstance(item, Word)]
    assert [word.text for word in words] == ["one", "two"]
    assert [word.start for word in words] == pytest.approx([0.02, 0.52], abs=0.02)
    seconds = sum(sound.seconds(item.pcm) for item in items if isinstance(item, Sound))
    assert seconds == pytest.approx(1.22, abs=0.03)


def test_silence_alone_is_not_heard() -> None:
    mastering = Mastering(VoiceLevel(TARGET))
    items = [*mastering.feed(Sound(sound.silence(2.0))), *mastering.finish(0.2)]
    assert not mastering.is_heard
    assert items == []
