"""The whole picture: banban, a browser and a real OBS on one display; OBS's recording is looked at."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import whole_picture
from whole_picture import Evening, Pixels

from benchmarks.scripted import ScriptedBrain
from vtuber.core import sound
from vtuber.core.events import Author, ChatMessage, Money

QUESTION = ChatMessage(
    "q1",
    "twitch",
    "banban",
    Author("9", "Kai"),
    "Banban, does pineapple belong on pizza?",
    money=Money(Decimal(500), "BITS"),  # so that it comes before all that chat says
)

ANSWER = (
    "Pineapple belongs on pizza, now and for ever! Whoever says no has never had a warm slice of it, "
    "with ham and a little chili, on a cold night after a long stream."
)
"""Long enough that she still speaks it when the picture of the page is taken, also on a busy machine."""


def difference(one: Pixels, other: Pixels) -> float:
    """How far apart two pictures are, 0..255."""
    return float(np.mean(np.abs(one.astype(np.int16) - other.astype(np.int16))))


def cut(picture: Pixels, box: list[int]) -> Pixels:
    left, top, right, bottom = box
    return picture[max(0, top) : bottom, max(0, left) : right]


async def test_her_face_her_words_and_her_voice_are_in_what_obs_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedBrain, "reply", ANSWER)
    options = {"brain": {"use": "scripted"}, "guard": {"repeats": {"use": False}}}
    evening: Evening = await whole_picture.play(tmp_path, QUESTION, **options)

    assert evening.scenes[0] != "Banban"
    assert evening.scenes[1] == "Banban"
    page = whole_picture.pixels(evening.page)
    frames = list(whole_picture.pictures(evening.recording))
    assert len(frames) > whole_picture.RATE
    for part in ("face", "caption"):
        sought = cut(page, evening.boxes[part])
        assert np.std(sought) > 10, f"nothing can be seen of her {part}"
        apart = [difference(sought, cut(frame, evening.boxes[part])) for frame in frames]
        assert min(apart) < 12, (part, min(apart))
        if part == "caption":  # which come and go
            assert max(apart) > 2 * min(apart), (min(apart), max(apart))
    read = whole_picture.pixels(evening.frame)
    assert difference(cut(page, evening.boxes["face"]), cut(read, evening.boxes["face"])) < 25
    said = sound.from_pcm(evening.voice)
    heard = whole_picture.samples(evening.recording)
    second = sound.RATE
    parts = [said[at : at + second] for at in range(0, len(said) - second, second)]
    parts = [part for part in parts if np.std(part) > 0.01]
    alike = max(whole_picture.likeness(part, heard) for part in parts)
    backwards = max(whole_picture.likeness(part[::-1].copy(), heard) for part in parts)
    assert alike > 0.4, alike
    assert alike > 1.5 * backwards, (alike, backwards)  # not any sound will do
