"""How long the real command takes to end, and whether all is saved, whenever it is stopped.

`banban live --plain` with the embedded brain, voice and memory, in a folder of its own that all shows share.
Each is stopped by SIGINT at a random moment, as Ctrl-C does it:

    first second   of its start
    loading        while the model's process loads
    idle           on air, nobody writes; an overlay page is open, which reads nothing of what it is sent
    mid-reply      while she answers, and an `!ask` waits
    twice          the same, and SIGINT again within a second

Printed: the seconds from the (first) signal to the end of the process, and how many of a processor that
took (where others take the cores, only these say something of banban). It must have ended with status 0 (or,
before there is anything to save, by the signal), with a journal whose last line is ``end``, with what was
asked kept for the next show, without a traceback of ours, and without a process left behind. (Within the
first tenth of a second Python itself, which has not begun with banban yet, says that it was interrupted.)

    python -m benchmarks.stops [--stops 20] [--seed 1] [KIND …]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil

AIM = 2.0
"""Seconds."""
PATIENCE = 300.0
"""Seconds in which a start, a reply or an end comes, also on a busy machine."""
KINDS = ("first second", "loading", "idle", "mid-reply", "twice")
LOADING = 1.5
"""Seconds after the model's process began, in which it still loads."""
CONFIG = """
stage.port = 0
"""
ON_AIR = re.compile(r"the page for OBS:\s+(http://\S+)")


@dataclass
class Series:
    """The stops of one kind."""

    kind: str
    seconds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    """Seconds of a processor."""
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        worst, late = max(self.seconds), sum(took > AIM for took in self.seconds)
        wrong = f"; WRONG: {'; '.join(self.faults)}" if self.faults else ""
        return (
            f"{self.kind}: {len(self.seconds)} stops, {statistics.median(self.seconds):.2f} s median, "
            f"{worst:.2f} s worst (aim: {AIM:g} s), {late} late; {statistics.median(self.busy):.2f} s of a "
            f"processor median, {max(self.busy):.2f} s worst{wrong}"
        )


class Live:
    """One show of the real command, in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.process = process
        self._folder = folder
        self._said = ""
        self._news = asyncio.Event()
        self._children: set[psutil.Process] = set()
        self._used_before = _used_by_the_dead()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def begin(cls, folder: Path) -> Live:
        """Starts it; all that it keeps is in ``folder``."""
        homes = {
            f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("DATA", "CACHE", "CONFIG", "STATE")
        }
        quiet = {"BANBAN_MODEL_PORTS": "", "BANBAN_OFFER": "no"}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "vtuber.app", "live", "--plain"),
            cwd=folder,
            env={**os.environ, **homes, **quiet},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        return cls(process, folder)

    async def _read(self) -> None:
        assert self.process.stdout is not None  # it was asked for
        while chunk := await self.process.stdout.read(4096):
            self._said += chunk.decode("utf-8", "replace")
            self._news.set()

    async def until(self, words: str | re.Pattern[str]) -> re.Match[str]:
        """Waits until it has said that."""
        async with asyncio.timeout(PATIENCE):
            while not (found := re.search(words, self._said)):
                self._news.clear()
                await self._news.wait()
        return found

    async def until_loading(self) -> None:
        """Waits until the model's process is there."""
        async with asyncio.timeout(PATIENCE):
            while not any("worker" in " ".join(_command(one)) for one in self.children()):  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.01)

    def types(self, line: str) -> None:
        """What the streamer types is chat."""
        assert self.process.stdin is not None  # it was asked for
        self.process.stdin.write(f"{line}\n".encode())

    def children(self) -> list[psutil.Process]:
        """Its processes, and their own; the memory's server among them while its parent lives."""
        found: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.process.pid).children(recursive=True)
        self._children.update(found)
        return found

    async def stop(self, again: float | None = None) -> tuple[float, float]:
        """Ctrl-C, and once more after ``again`` seconds.

        Returns the seconds until it has ended, and how many of a processor that took.
        """
        used = _used_by(psutil.Process(self.process.pid), *self.children())
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        ending = asyncio.create_task(self.process.wait())
        if again is not None:
            await asyncio.wait({ending}, timeout=again)
            if not ending.done():
                self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            await ending
        took = time.monotonic() - began
        await self._reading
        return took, max(0.0, _used_by_the_dead() - self._used_before - used)

    def faults(self, *, asked: bool, may_die: bool) -> list[str]:
        """What is wrong with how it ended."""
        found = []
        status = self.process.returncode
        before_us = may_die and "KeyboardInterrupt" in self._said and "vtuber" not in self._said
        if status != 0 and not before_us and not (may_die and status == -signal.SIGINT):
            found.append(f"status {status}")
        if not before_us and ("Traceback" in self._said or "bug in banban" in self._said):
            found.append(f"a traceback: {self._said[-2000:]}")
        last = self._last_line()
        if last is not None and last.get("kind") != "end":
            found.append(f"the journal ends with {last}")
        if last is None and not may_die:
            found.append("no journal")
        if asked and "(next time)" not in self._said:
            found.append(f"what was asked is not owed: {self._said[-500:]}")
        if "could not be" in self._said:
            found.append(f"not saved: {self._said[-500:]}")
        left = [one for one in self._children if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        found += [f"left behind: {' '.join(_command(one))[:80]}" for one in left]
        return found

    def _last_line(self) -> dict[str, Any] | None:
        journals = list((self._folder / "data").rglob("shows/*.jsonl"))
        if not journals:
            return None
        latest = max(journals, key=lambda path: path.stat().st_mtime_ns)
        try:
            row: dict[str, Any] = json.loads(latest.read_text(encoding="utf-8").splitlines()[-1])
        except (ValueError, IndexError):
            return {}
        return row

    async def end(self) -> None:
        """Leaves nothing behind, however it went."""
        self.children()
        with suppress(ProcessLookupError):
            self.process.kill()
        for one in self._children:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        await asyncio.gather(self.process.wait(), self._reading)


def _used_by(*processes: psutil.Process) -> float:
    """Seconds of a processor that they, and what they started and saw end, have used so far."""
    used = 0.0
    for one in processes:
        with suppress(psutil.Error):
            times = one.cpu_times()
            used += times.user + times.system + times.children_user + times.children_system
    return used


def _used_by_the_dead() -> float:
    """The same of all that we started and saw end."""
    times = psutil.Process().cpu_times()
    return float(times.children_user + times.children_system)


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


@asynccontextmanager
async def a_page(url: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Somebody looks at the overlay, and answers pings as a browser does."""
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"{url}ws", origin=url.rstrip("/")) as page,
    ):
        yield page


async def _until_she_speaks(page: aiohttp.ClientWebSocketResponse) -> None:
    async with asyncio.timeout(PATIENCE):
        async for message in page:
            if message.type is aiohttp.WSMsgType.BINARY:
                return


async def stop_once(kind: str, folder: Path, dice: random.Random) -> tuple[tuple[float, float], list[str]]:
    """One show and its end: what ``Live.stop`` returns, and what was wrong with it."""
    live = await Live.begin(folder)
    asked = False
    try:
        if kind == "first second":
            await asyncio.sleep(dice.uniform(0, 1))
            took = await live.stop()
        elif kind == "loading":
            await live.until_loading()
            await asyncio.sleep(dice.uniform(0, LOADING))
            took = await live.stop()
        else:
            url = (await live.until(ON_AIR))[1]
            async with a_page(url) as page:
                if kind == "idle":
                    await asyncio.sleep(dice.uniform(0, 3))
                    took = await live.stop()
                else:
                    live.types("hello, what do you think of pineapple on pizza?")
                    await _until_she_speaks(page)
                    live.types(f"!ask what is number {dice.randrange(1000)}?")
                    asked = True
                    await asyncio.sleep(dice.uniform(0.2, 1))
                    took = await live.stop(dice.uniform(0.02, 1) if kind == "twice" else None)
        return took, live.faults(asked=asked, may_die=kind == "first second")
    finally:
        await live.end()


async def measure(kinds: list[str], stops: int, seed: int) -> list[Series]:
    """So many stops of each kind, printed as they come."""
    dice, all_series = random.Random(seed), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
        for kind in kinds:
            series = Series(kind)
            all_series.append(series)
            for _ in range(stops):
                (took, busy), faults = await stop_once(kind, folder, dice)
                series.seconds.append(took)
                series.busy.append(busy)
                series.faults += faults
                sys.stdout.write(f"  {kind}: {took:.2f} s, busy {busy:.2f} s {'; '.join(faults)}\n")
                sys.stdout.flush()
            sys.stdout.write(f"{series}\n")
            sys.stdout.flush()
    return all_series


def main() -> None:
    """Prints each stop and each series; exits with 1 when one was late or lost something."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("kinds", nargs="*", default=[], metavar="KIND", help=", ".join(KINDS))
    options.add_argument("--stops", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    # A shell has its jobs in the background ignore SIGINT, and the shows would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    all_series = asyncio.run(measure(chosen.kinds or list(KINDS), chosen.stops, chosen.seed))
    if any(series.faults or max(series.seconds) > AIM for series in all_series):
        sys.exit(1)


if __name__ == "__main__":
    main()
