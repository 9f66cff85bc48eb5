"""Decoding an MP3 while it arrives."""

from __future__ import annotations

from pathlib import Path

import miniaudio
import numpy as np
import pytest

from vtuber.core import sound
from vtuber.voice.speech.mp3 import DELAY, Mp3Decoder, begins

BEEPS = (Path(__file__).parent.parent / "data" / "four-beeps.mp3").read_bytes()
"""Three seconds, 24 kHz, 48 kbit/s: a tone from 0.6 to 0.9 s, from 1.1, from 1.6 and from 2.1 s."""


@pytest.mark.parametrize("step", [1, 144, 500, 720, 100_000])
def test_in_parts_it_is_exactly_what_it_is_as_a_whole(step: int) -> None:
    whole = miniaudio.decode(BEEPS, miniaudio.SampleFormat.SIGNED16, 1, sound.RATE)
    mp3 = Mp3Decoder()
    parts = [mp3.feed(BEEPS[at : at + step]) for at in range(0, len(BEEPS), step)]
    parts.append(mp3.finish())
    mp3.close()
    assert np.array_equal(np.concatenate(parts), np.asarray(whole.samples) / np.float32(32768))


def test_sound_comes_before_the_file_has_arrived() -> None:
    assert len(Mp3Decoder().feed(BEEPS[:1440])) >= 0.15 * sound.RATE


def test_the_delay_is_what_encoder_and_decoder_add() -> None:
    mp3 = Mp3Decoder()
    samples = np.concatenate([mp3.feed(BEEPS), mp3.finish()])
    began = np.flatnonzero(np.abs(samples) > 0.05)[0] / sound.RATE
    assert began == pytest.approx(0.6 + DELAY / sound.RATE, abs=0.002)


def test_nothing_gives_nothing() -> None:
    mp3 = Mp3Decoder()
    assert len(mp3.finish()) == 0
    mp3.close()


def test_what_is_no_mp3_is_an_error() -> None:
    with pytest.raises(miniaudio.MiniaudioError):
        Mp3Decoder().feed(b"no sound at all " * 500)


def test_a_cut_file_gives_what_there_is() -> None:
    mp3 = Mp3Decoder()
    samples = np.concatenate([mp3.feed(BEEPS[:7000]), mp3.finish()])
    assert 1.1 < len(samples) / sound.RATE < 1.2


@pytest.mark.parametrize(
    ("begin", "is_one"),
    [
        (BEEPS[:4], True),
        (BEEPS[:1000], True),
        (b"ID3\x04", True),
        (b"\xff\xfb\x00\x00", False),  # a sample of sound, and silence
        (BEEPS[:4] + bytes(1000), False),  # one frame is chance
        (b"RIFF", False),
        (b"", False),
    ],
)
def test_an_mp3_is_known_by_its_first_two_frames(begin: bytes, *, is_one: bool) -> None:
    assert begins(begin) == is_one


def test_a_title_and_a_picture_before_the_sound_are_passed_over() -> None:
    mp3 = Mp3Decoder()
    picture = bytes(300) + b"\xff\xf3\x64\xc4" + bytes(300)
    head = b"ID3\x04\x00\x00" + bytes([0, 0, len(picture) >> 7, len(picture) & 127])
    plain = miniaudio.decode(BEEPS, miniaudio.SampleFormat.SIGNED16, 1, sound.RATE)
    samples = np.concatenate([mp3.feed(head + picture + BEEPS), mp3.finish()])
    assert mp3.rate == sound.RATE
    assert np.array_equal(samples, np.asarray(plain.samples) / np.float32(32768))
