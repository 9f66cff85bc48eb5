"""The journal: every line on the disk, nobody else's eyes, and no disk trouble in the show."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
from pathlib import Path
from typing import Any

from vtuber.config import Journal as Options
from vtuber.config import Settings
from vtuber.core.health import State
from vtuber.record.facts import StepReached, TurnCut, Written
from vtuber.record.journal import Journal


def journal_in(folder: Path, **options: Any) -> Journal:
    return Journal(Settings(journal=Options(folder=folder, **options)))


def lines_of(journal: Journal) -> list[dict[str, Any]]:
    assert journal.path is not None
    return [json.loads(line) for line in journal.path.read_text(encoding="utf-8").splitlines()]


async def test_lines_reach_the_disk_at_the_end(tmp_path: Path) -> None:
    journal = journal_in(tmp_path / "shows")
    journal.open()
    journal.note(Written("m1", "twitch", "banban", "板板 \u202e \ud800 \n {}"))
    journal.close()
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
    journal.close()
    assert [line["part"] for line in lines_of(journal)] == ["prompt"]


async def test_two_shows_in_one_second_have_two_files(tmp_path: Path) -> None:
    first, second = journal_in(tmp_path), journal_in(tmp_path)
    first.open()
    second.open()
    assert first.path != second.path
    first.close()
    second.close()


async def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.open()
    journal.close()
    assert journal.path is not None
    assert sys.platform == "win32" or stat.S_IMODE(journal.path.stat().st_mode) == 0o600


async def test_a_folder_that_cannot_be_written_is_reported_and_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    journal = journal_in(tmp_path / "file")
    journal.open()
    journal.note(TurnCut(1))
    journal.close()
    assert journal.health().state is State.DOWN
    assert "file" in journal.health().what
    assert "journal.folder" in journal.health().hint


async def test_a_full_disk_is_reported_and_costs_nothing_else(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.open()
    assert journal._file is not None
    journal._file.close()
    journal._file = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115  # closed by the journal
    journal.note(TurnCut(1))
    journal.close()
    assert journal.health().state is State.DOWN
    assert "1 lines lost" in journal.health().what
    assert journal.health().hint == "free some space on that disk; the journal then continues by itself"


async def test_an_unwritable_disk_fills_no_memory(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("vtuber.record.journal.WAITING_LIMIT", 10)
    journal = journal_in(tmp_path)
    journal.open()
    for number in range(100):
        journal.note(TurnCut(number))
    journal.close()
    assert [line["turn"] for line in lines_of(journal)] == list(range(90, 100))


async def test_switched_off_it_writes_nothing(tmp_path: Path) -> None:
    journal = journal_in(tmp_path, enabled=False)
    journal.open()
    journal.note(TurnCut(1))
    journal.close()
    assert journal.health().state is State.OFF
    assert list(tmp_path.iterdir()) == []
