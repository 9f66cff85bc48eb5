"""The times of phonemes, held against the sound."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core import sound
from vtuber.voice.speech.alignment import aligned
from vtuber.voice.speech.articulation import Phoneme


def speech(*stretches: tuple[float, float]) -> sound.Samples:
    """A second and a half in which there is sound in these stretches."""
    time = np.arange(round(1.5 * sound.RATE)) / sound.RATE
    wave = 0.2 * np.sin(2 * np.pi * 200 * time)
    heard = np.any([(begin <= time) & (time < end) for begin, end in stretches], axis=0)
    return np.where(heard, wave, 0).astype(np.float32)


def times(phonemes: list[Phoneme]) -> list[tuple[str, float, float]]:
    return [(each.sign, round(each.start, 3), round(each.end, 3)) for each in phonemes if each.is_heard]


def test_all_of_it_is_late() -> None:
    told = [Phoneme("m", 0, 0.25, 0.4), Phoneme("a", 0, 0.4, 0.65)]
    assert times(aligned(speech((0.2, 0.6)), told)) == [("m", 0.2, 0.35), ("a", 0.35, 0.6)]


def test_what_is_around_a_pause_ends_and_begins_as_the_sound_does() -> None:
    told = [
        Phoneme("n", 0, 0.3, 0.4),
        Phoneme("O", 0, 0.4, 0.8),  # with the silence behind it
        Phoneme(",", 0, 0.8, 0.9),
        Phoneme(" ", None, 0.9, 0.95),
        Phoneme("s", 1, 0.95, 1.0),
        Phoneme("O", 1, 1.0, 1.35),
        Phoneme(".", 1, 1.35, 1.5),
    ]
    assert times(aligned(speech((0.2, 0.5), (0.8, 1.1)), told)) == [
        ("n", 0.2, 0.35),
        ("O", 0.35, 0.5),
        ("s", 0.8, 0.95),
        ("O", 0.95, 1.1),
    ]


def test_words_without_a_pause_meet() -> None:
    told = [Phoneme("a", 0, 0.25, 0.45), Phoneme(" ", None, 0.45, 0.55), Phoneme("i", 1, 0.55, 0.85)]
    assert times(aligned(speech((0.2, 0.8)), told)) == [("a", 0.2, 0.45), ("i", 0.45, 0.8)]


def test_sound_that_is_far_from_what_was_told_changes_nothing() -> None:
    told = [Phoneme("a", 0, 1.0, 1.1), Phoneme("i", 0, 1.1, 1.2)]
    assert times(aligned(speech((0.2, 1.4)), told)) == [("a", 0.95, 1.05), ("i", 1.05, 1.15)]


def test_without_sound_or_phonemes_there_is_nothing_to_align() -> None:
    told = [Phoneme("a", 0, 0.25, 0.45)]
    assert times(aligned(np.zeros(24_000, np.float32), told)) == [("a", 0.2, 0.4)]
    assert times(aligned(np.zeros(0, np.float32), told)) == [("a", 0.2, 0.4)]
    assert aligned(speech((0.2, 0.6)), []) == []


Made = Callable[[float], sound.Samples]
NOISE = np.random.default_rng(1).normal(0, 0.1, 2 * sound.RATE).astype(np.float32)


def voiced(seconds: float) -> sound.Samples:
    moments = np.arange(round(seconds * sound.RATE)) / sound.RATE
    harmonics = [np.sin(2 * np.pi * 150 * n * moments) / n for n in range(1, 9)]
    samples: sound.Samples = (0.1 * np.sum(harmonics, axis=0)).astype(np.float32)
    return samples


def hissing(seconds: float) -> sound.Samples:
    """Noise of which little is left below 4 kHz."""
    return np.diff(NOISE[: round(seconds * sound.RATE) + 2], 2).astype(np.float32) * 0.5


def stopped(seconds: float) -> sound.Samples:
    return np.zeros(round(seconds * sound.RATE), np.float32)


@pytest.mark.parametrize("off", [-0.05, 0.0, 0.05])
@pytest.mark.parametrize(("sign", "made"), [("s", hissing), ("ʂ", hissing), ("t", stopped), ("ɡ", stopped)])
def test_a_border_that_is_seen_is_where_it_is_seen(sign: str, made: Made, off: float) -> None:
    samples = np.concatenate([voiced(0.4), made(0.09), voiced(0.4)])
    told = [
        Phoneme("a", 0, 0.05, 0.45 + off),
        Phoneme(" ", None, 0.45 + off, 0.45 + off),
        Phoneme(sign, 1, 0.45 + off, 0.54 + off),
        Phoneme("a", 1, 0.54 + off, 0.94),
    ]
    _, (_, *consonant), _ = times(aligned(samples, told))
    assert consonant == pytest.approx([0.4, 0.49], abs=0.015)


def test_a_vowel_begins_behind_the_silence_before_it() -> None:
    samples = np.concatenate([voiced(0.4), hissing(0.15), stopped(0.06), voiced(0.4)])
    told = [Phoneme("a", 0, 0.05, 0.45), Phoneme("s", 0, 0.45, 0.6), Phoneme(" ", None, 0.6, 0.6)]
    told += [Phoneme("ˈ", 1, 0.6, 0.68), Phoneme("a", 1, 0.68, 1.06)]
    assert times(aligned(samples, told))[2][1] == pytest.approx(0.61, abs=0.015)


@pytest.mark.parametrize("signs", ["asa", "ata", "ama", "sta"])
def test_a_border_that_is_not_seen_stays(signs: str) -> None:
    told = [Phoneme(sign, 0, 0.05 + 0.3 * at, 0.35 + 0.3 * at) for at, sign in enumerate(signs)]
    assert times(aligned(voiced(0.9), told)) == [
        (sign, round(0.3 * at, 3), round(0.3 + 0.3 * at, 3)) for at, sign in enumerate(signs)
    ]


@given(
    st.lists(st.tuples(st.sampled_from("astˈ.z "), st.floats(0, 0.3)), max_size=20), st.integers(0, 40_000)
)
def test_no_phoneme_ends_before_it_begins_or_begins_before_the_last(
    lengths: list[tuple[str, float]], begin: int
) -> None:
    told, at = list[Phoneme](), 0.05
    for sign, length in lengths:
        told.append(Phoneme(sign, 0, at, at + length))
        at += length
    aligned_ones = aligned(NOISE[begin:] * np.abs(np.sin(np.arange(len(NOISE) - begin) / 900)), told)
    assert all(each.start <= each.end for each in aligned_ones)
    assert all(one.start <= two.start + 1e-9 for one, two in pairwise(aligned_ones))
