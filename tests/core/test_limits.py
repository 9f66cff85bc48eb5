"""The row that says how near the machine is to its limits."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import threading
from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from vtuber.core import limits
from vtuber.core.health import State

Free = namedtuple("Free", "free")  # noqa: PYI024  # as shutil's and psutil's own
Available = namedtuple("Available", "available")  # noqa: PYI024


@pytest.fixture(autouse=True)
def plenty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Free(10**12))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Available(10**11))


def test_where_all_is_plenty_there_is_nothing_to_do(tmp_path: Path) -> None:
    health = limits.health(tmp_path)
    assert (health.part, health.state, health.hint) == ("machine", State.OK, "")
    assert health.what.endswith(
        "files and connections in use, 100.0 GB of memory free, 1000.0 GB free on the disk"
    )


@pytest.mark.parametrize(("free", "state"), [(999_999_999, State.LIMITED), (49_999_999, State.DOWN)])
def test_a_disk_that_fills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: State) -> None:
    asked: list[Path] = []

    def usage(folder: Path) -> Free:
        asked.append(folder)
        return Free(free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    health = limits.health(tmp_path / "not" / "yet")
    assert asked == [tmp_path]
    assert (health.state, health.hint) == (
        state,
        f"free some space on the disk that holds {tmp_path / 'not' / 'yet'}",
    )


@pytest.mark.parametrize(("free", "state"), [(499_999_999, State.LIMITED), (99_999_999, State.DOWN)])
def test_memory_that_runs_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: State
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Available(free))
    health = limits.health(tmp_path)
    assert health.state is state
    assert "brain.context" in health.hint


def test_a_statistic_that_fails_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    for module, name in ((shutil, "disk_usage"), (psutil, "virtual_memory"), (psutil, "Process")):
        monkeypatch.setattr(module, name, fail)
    assert limits.health(tmp_path).state is State.OK


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")
def test_files_that_run_out() -> None:
    program = """
import json, os, resource
from pathlib import Path
from vtuber.core import limits

resource.setrlimit(resource.RLIMIT_NOFILE, (100, 5000))
told = [limits.health(Path.cwd())]
held = [os.open(os.devnull, os.O_RDONLY) for _ in range(80)]
told.append(limits.health(Path.cwd()))
try:
    while True:
        held.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    told.append(limits.health(Path.cwd()))
for handle in held:
    os.close(handle)
print(json.dumps([health.row() for health in told]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True)
    rows = json.loads(done.stdout)
    files = [row["what"].split(",")[0].partition(" files")[0].partition(" of ")[2] for row in rows]
    assert files == ["100", "100", ""]
    assert [row["hint"].count("ulimit -n 4096") for row in rows] == [0, 1, 1]
    assert rows[2]["state"] == "down"
    assert rows[2]["what"].startswith("all 100 files and connections are in use")


async def test_a_disk_that_hangs_is_said_and_waited_for_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PATIENCE", 0.0)
    wakes, disk = threading.Event(), limits._disk

    def hangs(folder: Path) -> limits._Finding:
        wakes.wait()
        return disk(folder)

    machine = limits.Machine(tmp_path)
    assert "does not answer" not in machine.health().what
    monkeypatch.setattr(limits, "_disk", hangs)
    watching = asyncio.create_task(machine.watch())
    try:
        async with asyncio.timeout(20):
            while "does not answer" not in machine.health().what:
                await asyncio.sleep(0.01)
            assert machine.health().state is State.DOWN
            wakes.set()
            while "does not answer" in machine.health().what:
                await asyncio.sleep(0.01)
    finally:
        wakes.set()
        watching.cancel()
    assert "free on the disk" in machine.health().what
