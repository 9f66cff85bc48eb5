"""The clock on the wall may be wrong, run backwards or jump: while she is live, that changes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Room, perform

from vtuber.core.events import Money

HOUR = 3600.0
WALLS: dict[str, Callable[[int], float]] = {
    "backwards": lambda call: -10.0 * call,
    "an hour back and forth": lambda call: HOUR * (call % 3 - 1),
    "1970": lambda _: -time.monotonic() - 1.7e9,
}


def an_evening(folder: Path) -> list[tuple[Any, ...]]:
    """What the journal says of ten minutes with everything that waits for some time."""
    told: list[tuple[Any, ...]] = []

    async def scene(room: Room) -> None:
        for number in range(12):
            room.types(f"what about number {number}?", name=f"viewer{number % 5}")
            if number == 3:
                room.commands("!mute 30")
            if number == 5:
                room.types("for the pizza", name="lou", money=Money(Decimal(5), "USD"))
                room.commands("!slow 20")
            if number == 7:
                room.commands("!ignore viewer1 2")
            await asyncio.sleep(50)
        await room.until_idle()
        told.extend(("reply", round(line["t"], 1), line["heard"]) for line in room.journal("reply"))
        for kind in ("batch", "dropped", "command", "part"):
            told.extend((kind, round(line["t"], 1)) for line in room.journal(kind))

    perform(lambda: Room(folder, memory={"use": "sqlite", "folder": folder / "memory"}), scene)
    return told


@pytest.mark.parametrize("wall", WALLS)
def test_a_clock_that_jumps_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, wall: str
) -> None:
    usual = an_evening(tmp_path / "usual")
    assert len([line for line in usual if line[0] == "reply"]) > 8
    now, calls = time.time, count(1)
    monkeypatch.setattr(time, "time", lambda: now() + WALLS[wall](next(calls)))
    assert an_evening(tmp_path / "jumping") == usual
    assert not [record.message for record in caplog.records if record.levelname == "ERROR"]
