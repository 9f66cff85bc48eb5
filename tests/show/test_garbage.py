"""Full collections wait until she is idle, and leave Python as it was."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from vtuber.show import garbage


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How often she was asked whether she is idle, at each full collection."""
    monkeypatch.setattr(garbage, "EVERY", 0.001)
    monkeypatch.setattr(garbage, "PATIENCE", 4)
    found: list[int] = []
    yield found
    assert gc.get_freeze_count() == 0


async def collections(monkeypatch: pytest.MonkeyPatch, found: list[int], *, idle: list[bool]) -> None:
    asked = 0

    def is_idle() -> bool:
        nonlocal asked
        asked += 1
        return idle[(asked - 1) % len(idle)]

    monkeypatch.setattr(garbage, "collect", lambda: found.append(asked))
    before = gc.get_threshold()
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(garbage.collect_when(is_idle))
        while len(found) < 3:
            await asyncio.sleep(0.001)
        assert gc.get_threshold() != before
        assert gc.get_freeze_count() > 0
        task.cancel()
    assert gc.get_threshold() == before


async def test_it_waits_until_she_is_idle(monkeypatch: pytest.MonkeyPatch, collected: list[int]) -> None:
    await collections(monkeypatch, collected, idle=[False, False, True])
    assert collected[:3] == [0, 3, 6]


async def test_but_not_for_ever(monkeypatch: pytest.MonkeyPatch, collected: list[int]) -> None:
    await collections(monkeypatch, collected, idle=[False])
    assert collected[:3] == [0, 4, 8]
