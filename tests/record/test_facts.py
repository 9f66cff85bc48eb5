"""Facts: everybody who subscribed is told, whoever fails."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import pytest
from rehearsal_room import Room

from vtuber.record.facts import Fact, Facts, TurnCut


def test_an_outsider_counts_what_happens(play: Any) -> None:
    happened: Counter[str] = Counter()

    def count(fact: Fact) -> None:
        happened[fact.kind] += 1

    async def scene(room: Room) -> None:
        room.show.facts.subscribe(count)
        room.types("is the pizza good?")
        await room.until_idle()
        room.commands("!status")

    play(scene)
    assert happened == {
        "heard": 2,
        "chosen": 1,
        "batch": 1,
        "prompt": 1,
        "mark": 5,
        "sentence": 2,
        "clip": 2,
        "spoken": 2,
        "reply": 1,
        "judged": 1,
        "let_through": 1,
        "command": 1,
        "written": 1,
        "end": 1,
    }


def test_one_that_raises_is_reported_once_and_stops_nobody(
    play: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(fact: Fact) -> None:
        raise ZeroDivisionError(fact.kind)

    async def scene(room: Room) -> None:
        room.show.facts.subscribe(stumble)
        room.types("is the pizza good?")
        await room.until_idle()
        assert room.heard() == ["Yes, it is. I like it very much!"]

    play(scene)
    (report,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "stumble" in report.getMessage()


def test_subscribers_behind_one_that_raises_are_called() -> None:
    facts, reported = Facts(), list[Fact]()

    def stumble(_: Fact) -> None:
        raise ZeroDivisionError

    facts.subscribe(stumble)
    facts.subscribe(reported.append)
    facts.tell(TurnCut(1))
    assert reported == [TurnCut(1)]
