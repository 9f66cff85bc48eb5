"""Full collections wait until she is idle, and leave Python as it was."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from itertools import cycle

import pytest

from vtuber.show import garbage


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """After how many seconds each full collection came."""
    monkeypatch.setattr(garbage, "PATIENCE", 4)
    found: list[int] = []
    yield found
    assert gc.get_freeze_count() == 0


async def collections(monkeypatch: pytest.MonkeyPatch, found: list[int], *, idle: list[bool]) -> None:
    """Three full collections in a show that is idle at some of the moments when it is asked."""
    moments = cycle(idle)
    passed = 0.0
    sleep = asyncio.sleep

    async def pass_time(seconds: float) -> None:
        nonlocal passed
        passed += seconds
        await sleep(0)

    monkeypatch.setattr(garbage, "collect", lambda: found.append(round(passed)))
    monkeypatch.setattr(asyncio, "sleep", pass_time)
    before = gc.get_threshold()
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(garbage.collect_when(lambda: next(moments)))
        while len(found) < 3:
            await sleep(0)
        assert gc.get_threshold()[2] > 100_000, "full collections still come by themselves"
        assert gc.get_freeze_count() > 0
        task.cancel()
    assert gc.get_threshold() == before


async def test_it_waits_until_she_is_idle(monkeypatch: pytest.MonkeyPatch, collected: list[int]) -> None:
    await collections(monkeypatch, collected, idle=[False, False, True])
    assert collected[:3] == [0, 180, 360]


async def test_but_not_for_ever(monkeypatch: pytest.MonkeyPatch, collected: list[int]) -> None:
    await collections(monkeypatch, collected, idle=[False])
    assert collected[:3] == [0, 240, 480]
