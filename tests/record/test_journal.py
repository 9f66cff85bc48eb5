"""The journal: every line on the disk, nobody else's eyes, and no disk trouble in the show."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Room
from small_disk import SmallDisk

from vtuber.config import Journal as Options
from vtuber.config import Settings
from vtuber.core.health import State
from vtuber.listeners.recordings import recording
from vtuber.record import journal_files, report
from vtuber.record.facts import StepReached, TurnCut, Written
from vtuber.record.journal import Journal
from vtuber.record.journal_files import JournalFiles
from vtuber.record.journal_rows import JournalRows


def journal_in(folder: Path, **options: Any) -> Journal:
    return Journal(Settings(journal=Options(folder=folder, **options)))


def lines_of(journal: Journal) -> list[dict[str, Any]]:
    assert journal.path is not None
    return [json.loads(line) for line in journal.path.read_text(encoding="utf-8").splitlines()]


async def test_lines_reach_the_disk_at_the_end(tmp_path: Path) -> None:
    journal = journal_in(tmp_path / "shows")
    journal.open()
    journal.note(Written("m1", "twitch", "banban", "板板 \u202e \ud800 \n {}"))
    await journal.close()
    (line,) = lines_of(journal)
    assert line.pop("t") >= 0
    assert line == {
        "kind": "written",
        "answers": "m1",
        "platform": "twitch",
        "channel": "banban",
        "text": "板板 \u202e \ud800 \n {}",
        "why_not": "",
    }


async def test_lines_reach_the_disk_while_the_show_runs(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.open()
    running = asyncio.create_task(journal.run())
    journal.note(StepReached(1, "prompt"))
    async with asyncio.timeout(10):
        while not lines_of(journal):
            await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await journal.close()
    assert [line["part"] for line in lines_of(journal)] == ["prompt"]


async def test_two_shows_in_one_second_have_two_files(tmp_path: Path) -> None:
    first, second = journal_in(tmp_path), journal_in(tmp_path)
    first.open()
    second.open()
    assert first.path != second.path
    await first.close()
    await second.close()


async def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.open()
    await journal.close()
    assert journal.path is not None
    assert sys.platform == "win32" or stat.S_IMODE(journal.path.stat().st_mode) == 0o600


# A show of several files.


async def test_a_long_show_is_several_files_that_are_read_as_one(tmp_path: Path) -> None:
    journal = journal_in(tmp_path, file_megabytes=0.001)
    journal.open()
    for number in range(100):
        journal.note(TurnCut(number))
        journal.flush()
    await journal.close()
    assert journal.path is not None
    files = list(journal_files.of_show(journal.path))
    assert len(files) > 3
    assert set(files) == set(tmp_path.iterdir())
    assert all(path.stat().st_size <= 1000 for path in files)
    assert [row["turn"] for row in JournalRows(journal.path)] == list(range(100))
    assert [row["turn"] for row in JournalRows(files[1])] == [
        json.loads(line)["turn"] for line in files[1].read_text().splitlines()
    ]
    assert f"and {len(files) - 1} more" in journal.health().what


async def test_the_newest_show_is_the_one_that_was_written_last(tmp_path: Path) -> None:
    first, second = journal_in(tmp_path, file_megabytes=0.00005), journal_in(tmp_path)
    for journal in (first, second):
        journal.open()
        journal.note(TurnCut(1))
        journal.flush()
    first.note(TurnCut(2))
    first.flush()
    for journal in (first, second):
        await journal.close()
    assert second.path is not None
    os.utime(second.path, (1_000_000_000, 1_000_000_000))
    assert len(list(tmp_path.iterdir())) == 3
    assert journal_files.newest(tmp_path) == first.path
    assert journal_files.newest(tmp_path / "nowhere") is None


def test_a_show_of_several_files_is_reported_and_played_again_as_one(
    play: Callable[..., None], tmp_path: Path
) -> None:
    paths: list[Path] = []

    async def scene(room: Room) -> None:
        for _ in range(3):
            room.types("is the pizza good?", name=f"v{len(paths)}")
            await room.until_idle()
            room.show.journal.flush()
            assert room.show.journal.path
            paths.append(room.show.journal.path)

    play(scene, journal={"file_megabytes": 0.001})
    assert len(list(journal_files.of_show(paths[0]))) > 3
    assert report.read(paths[0]).messages == 3
    assert report.read(paths[0]).ended
    assert len(recording.read(paths[0]).rows) == 3


# A disk that takes nothing.


@pytest.mark.skipif(sys.platform == "win32", reason="such a disk can only be made on Unix")
async def test_a_full_disk_costs_nothing_but_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with SmallDisk(tmp_path / "disk") as disk:
        journal = journal_in(tmp_path / "disk")
        journal.open()
        journal.note(Written("m", "twitch", "banban", "before"))
        journal.flush()
        disk.fill()
        for number in range(30):
            journal.note(Written("m", "twitch", "banban", f"{number} {'while it is full ' * 30}"))
            journal.flush()
        health = journal.health()
        assert health.state is State.DOWN
        assert "lines wait" in health.what
        assert health.hint == "free some space on that disk; the journal then goes on by itself"
        disk.free()
        journal.note(Written("m", "twitch", "banban", "after"))
        journal.flush()
        assert journal.health().state is State.OK
        await journal.close()
        first, *full, last = [line["text"] for line in lines_of(journal)]
        assert (first, last) == ("before", "after")
        assert [text.split()[0] for text in full] == [str(number) for number in range(30)]
    assert [record.message.partition(" (")[0] for record in caplog.records] == [
        "the journal cannot be written"
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="such a disk can only be made on Unix")
async def test_what_a_full_disk_did_not_take_is_counted_in_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.record.journal.WAITING_LIMIT", 10)
    with SmallDisk(tmp_path / "disk") as disk:
        journal = journal_in(tmp_path / "disk")
        journal.open()
        disk.fill()
        for number in range(5000):
            journal.note(TurnCut(number))
            if not number % 7:
                journal.flush()
        assert ", 4" in journal.health().what
        assert "lines lost" in journal.health().what
        disk.free()
        journal.note(TurnCut(5000))
        journal.flush()
        lost = sum(row.get("lines", 0) for row in lines_of(journal))
        kept = [row["turn"] for row in lines_of(journal) if "turn" in row]
        assert kept[-10:] == list(range(4991, 5001))
        assert lost + len(kept) == 5001
        assert f"{lost} lines were lost" in journal.health().what
        await journal.close()
        assert journal.path is not None
        assert report.read(journal.path).lost == lost


async def test_a_show_that_ends_on_a_full_disk_says_what_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    journal = journal_in(tmp_path / "file")
    journal.open()
    journal.note(TurnCut(1))
    await journal.close()
    assert "1 lines of the journal could not be written" in caplog.text


async def test_a_folder_that_cannot_be_written_costs_nothing_else_and_may_be_mended(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    journal = journal_in(tmp_path / "file")
    journal.open()
    journal.note(TurnCut(1))
    journal.flush()
    assert journal.path is None
    assert journal.health().state is State.DOWN
    assert "file" in journal.health().what
    assert "journal.folder" in journal.health().hint
    (tmp_path / "file").unlink()
    journal.note(TurnCut(2))
    journal.flush()
    assert journal.health().state is State.OK
    await journal.close()
    assert [line["turn"] for line in lines_of(journal)] == [1, 2]


async def test_an_unwritable_disk_fills_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtuber.record.journal.WAITING_LIMIT", 10)
    journal = journal_in(tmp_path)
    journal.open()
    for number in range(100):
        journal.note(TurnCut(number))
    await journal.close()
    lost, *kept = lines_of(journal)
    assert (lost["kind"], lost["lines"]) == ("lost", 90)
    assert [line["turn"] for line in kept] == list(range(90, 100))


async def test_long_lines_fill_no_memory_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtuber.record.journal.WAITING_BYTES", 10_000)
    (tmp_path / "file").write_text("in the way")
    journal = journal_in(tmp_path / "file")
    journal.open()
    for _ in range(100):
        journal.note(Written("m", "twitch", "banban", "x" * 1000))
        journal.flush()
    assert "8 lines wait, 92 lines lost" in journal.health().what
    await journal.close()


async def test_a_disk_that_hangs_at_the_end_holds_up_nobody_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wakes, write = threading.Event(), JournalFiles.write

    def hangs(files: JournalFiles, lines: bytes) -> None:
        wakes.wait(20)
        write(files, lines)

    monkeypatch.setattr(JournalFiles, "write", hangs)
    journal = journal_in(tmp_path)
    journal.open()
    journal.note(TurnCut(1))
    try:
        await journal.close()
        assert "the disk does not answer" in caplog.text
    finally:
        wakes.set()
    journal.flush()  # behind what hung
    assert [line["turn"] for line in lines_of(journal)] == [1]


async def test_switched_off_it_writes_nothing(tmp_path: Path) -> None:
    journal = journal_in(tmp_path, enabled=False)
    journal.open()
    journal.note(TurnCut(1))
    await journal.close()
    assert journal.health().state is State.OFF
    assert list(tmp_path.iterdir()) == []
