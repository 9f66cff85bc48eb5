"""What she sidesteps is answered, in a whole show, with a line of hers and without a model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from decimal import Decimal
from typing import Any

import pytest
from rehearsal_room import Room

from benchmarks.scripted import ScriptedBrain
from vtuber import character
from vtuber.brain import Prompt
from vtuber.core.events import Money

POLITICS = next(one.says for one in character.load("banban").sidesteps if one.topic == "politics")
ENGLISH = [line for line in POLITICS if line.isascii()]
CHINESE = [line for line in POLITICS if not line.isascii()]
FIVE = Money(Decimal(5), "USD")
REPLY = "Yes, it is. I like it very much!"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the model is asked."""
    asked: list[str] = []
    stream = ScriptedBrain.stream

    async def watched(brain: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        asked.append(prompt.lines[-1].text)
        async for text in stream(brain, prompt):
            yield text

    monkeypatch.setattr(ScriptedBrain, "stream", watched)
    return asked


def test_a_topic_is_answered_in_character(play: Callable[..., None], read: list[str]) -> None:
    async def scene(room: Room) -> None:
        for text in ("who should win, trump or biden?", "妳支持民進黨還是國民黨？", "is the pizza good?"):
            room.types(text)
            await room.until_idle()
        assert room.heard() == [ENGLISH[0], CHINESE[0], REPLY]
        assert [row["rule"] for row in room.journal("filtered")] == ["sidestep: politics"] * 2
        assert not room.journal("dropped"), "it is an answer"

    play(scene)
    assert len(read) == 1
    assert read[0].startswith("is the pizza good?")


def test_whoever_pays_is_thanked_first(play: Callable[..., None], read: list[str]) -> None:
    async def scene(room: Room) -> None:
        room.types("vote for trump!", money=FIVE)
        await room.until_idle()
        assert room.heard() == [f"{REPLY} {ENGLISH[0]}"]

    play(scene)
    assert len(read) == 1
    assert "5" in read[0]
    assert "trump" not in read[0]


def test_who_writes_at_the_same_time_is_answered_too(play: Callable[..., None], read: list[str]) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        room.types("banban, is trump good?", name="ann")
        room.types("is the pizza good?", name="bob")
        room.types("do you like maga?", name="cleo")
        room.commands("!resume")
        await room.until_idle()
        assert sorted(room.heard()) == sorted([ENGLISH[0], ENGLISH[1], REPLY])

    play(scene, inbox={"batch": 4})
    assert len(read) == 1
    assert "pizza" in read[0]
    assert "trump" not in read[0]
    assert "maga" not in read[0]


def test_two_lines_of_one_viewer_get_one_answer(play: Callable[..., None], read: list[str]) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        room.types("hello banban")
        room.types("is trump good?")
        room.commands("!resume")
        await room.until_idle()
        assert room.heard() == [ENGLISH[0]]

    play(scene)
    assert read == []


def test_what_she_says_of_it_herself_is_replaced(play: Callable[..., None]) -> None:
    async def scene(room: Room) -> None:
        room.types("is the pizza good?")
        await room.until_idle()
        assert room.heard() == [ENGLISH[0]]

    play(scene, reply="Trump should win. He is the best.")


def test_without_the_detector_she_thinks_about_it(play: Callable[..., None], read: list[str]) -> None:
    async def scene(room: Room) -> None:
        room.types("is trump good?")
        await room.until_idle()

    off: dict[str, Any] = {"topics": {"use": False}}
    play(scene, guard=off)
    assert read == ["is trump good?"]
