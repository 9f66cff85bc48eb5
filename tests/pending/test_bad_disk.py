"""A file for what is owed, on a disk that is full or hangs; and events that nobody can write down."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_stores import paid, saved, until

from vtuber.core import files
from vtuber.core.health import State
from vtuber.pending import PendingEvents, events
from vtuber.pending import file as pending_file
from vtuber.pending.changes import key_of
from vtuber.pending.file import PendingFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pending" / "show.jsonl"


@pytest.fixture
async def pending(path: Path) -> AsyncIterator[PendingEvents]:
    pending = PendingEvents(file=PendingFile(path))
    await pending.start()
    yield pending
    await pending.stop()


async def owed_next(path: Path) -> list[str]:
    """The ids of what the next show finds."""
    following = PendingEvents(file=PendingFile(path))
    await following.start()
    await following.stop()
    return [added.event.id for added in following.ledger.waiting]


class Full:
    """A disk on which there is no room until there is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = True
        self._append, self._write_whole = pending_file._append, files.write_whole
        monkeypatch.setattr(pending_file, "_append", self._guarded(self._append))
        monkeypatch.setattr(files, "write_whole", self._guarded(self._write_whole))

    def _guarded(self, write: Callable[..., None]) -> Callable[..., None]:
        def guarded(*given: Any, **more: Any) -> None:
            if self.is_full:
                raise OSError(28, "No space left on device")
            write(*given, **more)

        return guarded


async def test_a_disk_that_is_full_at_the_start_still_tells_who_is_owed(
    path: Path, pending: PendingEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending.add(paid(1))
    await saved(pending)
    await pending.stop()
    disk = Full(monkeypatch)
    following = PendingEvents(file=PendingFile(path))
    await following.start()
    assert [added.event.id for added in following.ledger.waiting] == ["m1"]
    assert following.health().state is State.DOWN
    assert "No space left" in following.health().what
    following.settle("twitch:m1")
    disk.is_full = False
    following.add(paid(2))
    await saved(following)
    assert following.health().state is State.OK
    await following.stop()
    assert await owed_next(path) == ["m2"]


async def test_a_full_disk_is_written_once_there_is_room_though_nothing_happens(
    path: Path, pending: PendingEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "RETRY_SECONDS", 0.01)
    disk = Full(monkeypatch)
    pending.add(paid(1))
    await saved(pending)
    assert pending.health().state is State.DOWN
    disk.is_full = False
    await until(lambda: pending.health().state is State.OK)
    assert await owed_next(path) == ["m1"]


async def test_where_there_is_no_room_to_leave_out_what_is_over_all_is_still_written(
    path: Path, pending: PendingEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending_file, "GROWTH", 1000)
    append = pending_file._append
    Full(monkeypatch)
    monkeypatch.setattr(pending_file, "_append", append)
    for number in range(30):
        pending.add(paid(number))
        await saved(pending)
        assert pending.health().state is State.OK
    assert len([line for line in path.read_bytes().splitlines() if line]) == 30
    monkeypatch.undo()
    assert len(await owed_next(path)) == 30


async def test_a_disk_that_hangs_keeps_nobody_waiting(
    path: Path, pending: PendingEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "FILE_SECONDS", 0.01)
    wakes, append = threading.Event(), pending_file._append

    def hangs(path: Path, data: bytes) -> None:
        wakes.wait()
        append(path, data)

    monkeypatch.setattr(pending_file, "_append", hangs)
    try:
        for number in (1, 2):
            taken_in = asyncio.Event()
            pending.add(paid(number), then=taken_in.set)
            async with asyncio.timeout(20):
                await taken_in.wait()
        assert pending.health().state is State.DOWN
        assert "does not answer" in pending.health().what
    finally:
        wakes.set()
    monkeypatch.setattr(events, "FILE_SECONDS", 20.0)
    pending.add(paid(3))
    await saved(pending)
    assert pending.health().state is State.OK
    assert await owed_next(path) == ["m1", "m2", "m3"]


async def test_more_than_can_wait_to_be_written_is_written_later(
    path: Path, pending: PendingEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "WAITING_LIMIT", 3)
    for number in range(9):
        pending.add(paid(number))
    await saved(pending)
    await until(lambda: pending.health().state is State.OK)
    pending.settle("twitch:m0")
    await saved(pending)
    assert await owed_next(path) == [f"m{number}" for number in range(1, 9)]


async def test_what_is_written_to_a_file_alone_is_not_kept_for_a_server_too(pending: PendingEvents) -> None:
    for number in range(9):
        pending.add(paid(number))
        pending.settle(f"twitch:m{number}")
        await saved(pending)
    assert not pending._since


async def test_one_that_cannot_be_written_costs_itself_alone(path: Path, pending: PendingEvents) -> None:
    taken_in = asyncio.Event()
    pending.add(replace(paid(1), text="half a \ud800"), then=taken_in.set)
    pending.add(paid(2))
    await saved(pending)
    assert taken_in.is_set()
    assert pending.health().state is State.OK
    assert await owed_next(path) == ["m2"]


async def test_a_key_is_the_same_before_and_after_it_was_written(path: Path, pending: PendingEvents) -> None:
    strange = [replace(paid(1), id="x" * 5_000), replace(paid(2), id=" two  words ")]
    for event in strange:
        pending.add(event)
    await saved(pending)
    assert len(await owed_next(path)) == 2
    for event in strange:
        pending.settle(key_of(event))
    await saved(pending)
    assert not await owed_next(path)
