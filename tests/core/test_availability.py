"""A part that says whether it can work, and those who wait for that."""

from __future__ import annotations

import asyncio

from vtuber.core.availability import Availability


async def test_whoever_waits_is_woken_by_each_change() -> None:
    part = Availability()
    seen: list[str] = []

    async def watch() -> None:
        await part.until_ready()
        seen.append("ready")
        await part.until_away()
        seen.append("away")
        await part.until_ready()
        seen.append("ready again")

    watching = asyncio.create_task(watch())
    for ready in (True, False, True):
        await asyncio.sleep(0)
        part.set(ready=ready)
        await asyncio.sleep(0)
        assert part.is_ready is ready
    async with asyncio.timeout(1):
        await watching
    assert seen == ["ready", "away", "ready again"]


async def test_it_returns_at_once_when_it_is_so_already() -> None:
    async with asyncio.timeout(1):
        await Availability(ready=True).until_ready()
        await Availability().until_away()


def test_a_watcher_hears_of_changes_only() -> None:
    part, seen = Availability(), list[bool]()
    part.watch(lambda: seen.append(part.is_ready))
    for ready in (False, True, True, False):
        part.set(ready=ready)
    assert seen == [True, False]
