"""What a streamer must hear of while she is live: once when it begins, once when it is over."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from rehearsal_room import Room

from benchmarks.scripted import ScriptedBrain
from vtuber.core.events import Money
from vtuber.core.health import Health
from vtuber.record.metrics import Metrics
from vtuber.show.alarms import ANSWERS, DELAY, MEMORY

HANGS = 200.0
FIVE = Money(Decimal(5), "USD")


def row(room: Room, part: str) -> Health | None:
    return next((one for one in room.show.health() if one.part == part), None)


def told(caplog: pytest.LogCaptureFixture, part: str) -> list[str]:
    return [record.levelname for record in caplog.records if record.message.startswith(f"{part}: ")]


def changes(room: Room, part: str) -> list[str]:
    return [line["state"] for line in room.journal("part") if line["part"] == part]


def test_she_is_silent_though_chat_waits(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def scene(room: Room) -> None:
        assert row(room, ANSWERS) is None
        monkeypatch.setattr(ScriptedBrain, "first", HANGS)
        room.types("is the pizza good?")
        await asyncio.sleep(1)
        for number in range(3):
            room.types(f"and what about number {number}?", name=f"viewer{number}")
        await asyncio.sleep(70)
        found = row(room, ANSWERS)
        assert found is not None
        assert found.state == "down"
        assert re.search(r"answered nobody for \d+ seconds; 3 in chat wait", found.what)
        assert "!skip" in found.hint
        monkeypatch.setattr(ScriptedBrain, "first", 0.2)
        room.commands("!skip")
        await room.until_idle()
        await asyncio.sleep(2)
        found = row(room, ANSWERS)
        assert found is not None
        assert (found.state, found.what, found.hint) == ("ok", "she answers again", "")
        assert changes(room, ANSWERS) == ["down", "ok"]

    play(scene, brain={"patience_seconds": 300, "first_token_seconds": 300})
    assert told(caplog, ANSWERS) == ["WARNING", "INFO"]


def test_a_moderator_may_want_her_silent(play: Callable[..., None]) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        for number in range(3):
            room.types(f"what about number {number}?", name=f"viewer{number}", money=FIVE)
        await asyncio.sleep(200)
        assert len(room.show.inbox) == 3
        assert row(room, ANSWERS) is None
        room.commands("!resume")
        await room.until_idle()
        assert row(room, ANSWERS) is None

    play(scene)


def test_her_answers_take_twice_as_long_as_before(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def scene(room: Room) -> None:
        async def answers(delay: float, count: int) -> None:
            for _ in range(count):
                room.show.alarms._last.append(delay)
                if len(room.show.alarms._last) == 10:
                    room.show.alarms._before.append(room.show.alarms._last[0])
            await asyncio.sleep(1)

        await answers(1.5, 40)
        assert row(room, DELAY) is None
        await answers(4.0, 10)
        found = row(room, DELAY)
        assert found is not None
        assert found.state == "limited"
        assert found.what == "her answers begin after 4.0 seconds; before, it was 1.5"
        assert found.hint
        await answers(1.5, 10)
        found = row(room, DELAY)
        assert found is not None
        assert found.state == "ok"
        assert changes(room, DELAY) == ["limited", "ok"]

    play(scene)
    assert told(caplog, DELAY) == ["WARNING", "INFO"]


def test_memory_grows(play: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    async def still(self: Metrics, every: float = 1.0) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Metrics, "watch_memory", still)

    async def scene(room: Room) -> None:
        async def hours(count: float, growth: float) -> None:
            for _ in range(round(count * 60)):
                room.show.metrics.rss_end += growth / 60
                await asyncio.sleep(60)

        room.show.metrics.rss_end = 500.0
        await hours(1.2, 50)
        assert row(room, MEMORY) is None
        await hours(1.2, 300)
        found = row(room, MEMORY)
        assert found is not None
        assert found.state == "limited"
        assert "MB in the last hour" in found.what
        await hours(1.2, 0)
        found = row(room, MEMORY)
        assert found is not None
        assert found.state == "ok"
        assert changes(room, MEMORY) == ["limited", "ok"]

    play(scene)


def test_every_alarm_has_its_words_in_chinese() -> None:
    chinese = (Path(__file__).parents[2] / "panel" / "chinese.js").read_text(encoding="utf-8")
    for begin in ("she has answered nobody for", "her answers begin after", "memory grew by"):
        assert re.search(rf'^  "{begin}.+": ".*[\u4e00-\u9fff]{{2}}', chinese, re.MULTILINE), begin
