"""How near this process is to running out of files, memory or disk: a row for people, never an error."""

from __future__ import annotations

import asyncio
import errno
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from vtuber.core import clock
from vtuber.core.health import Health, State
from vtuber.core.simulated import SimulatedLoop

if sys.platform != "win32":
    import resource

FILES_SHARE = 0.8
"""Above this share of the files and connections that may be open, the state is limited."""
LITTLE_MEMORY, NO_MEMORY = 500_000_000, 100_000_000
LITTLE_DISK, NO_DISK = 1_000_000_000, 50_000_000
"""Bytes free below which the state is limited, and below which it is down."""

LOOK_SECONDS = 2.0
"""Between two looks."""
PATIENCE = 5.0
"""A disk that has not answered for so many seconds hangs."""

_Finding = tuple[State, str, str]
"""A state; what is there; what to do about it, "" when that is nothing."""


def health(folder: Path) -> Health:
    """The row "machine"; ``folder`` is on the disk that is written to. Never raises."""
    look: list[Callable[[], _Finding]] = [_files, _memory, lambda: _disk(folder)]
    found: list[_Finding] = []
    for finding in look:
        with suppress(Exception):  # a statistic that this system does not give is left out
            found.append(finding())
    order = (State.OK, State.LIMITED, State.DOWN)
    worst = max((state for state, _, _ in found), key=order.index, default=State.OK)
    hints = [hint for _, _, hint in found if hint]
    return Health("machine", worst, ", ".join(what for _, what, _ in found), "; ".join(hints))


class Machine:
    """The same row, from looks in a thread: a disk that hangs there holds up nobody."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._row: Health | None = None
        self._asked: float | None = None
        """Since when a look takes (the loop's clock)."""

    async def watch(self) -> None:
        """Looks again and again, until cancelled."""
        simulated = isinstance(asyncio.get_running_loop(), SimulatedLoop)
        every = (
            100 * LOOK_SECONDS if simulated else LOOK_SECONDS
        )  # there, seconds pass faster than disks fill
        while True:
            self._asked = clock.now()
            try:
                self._row = await clock.in_thread(health, self._folder)
            finally:
                self._asked = None
            await asyncio.sleep(every)

    def health(self) -> Health:
        """As it was at the last look; the first is now."""
        if self._asked is not None and clock.now() - self._asked > PATIENCE:
            what = f"the disk that holds {self._folder} does not answer"
            hint = "see whether it is unplugged or its server is away; or set journal.folder to another disk"
            return Health("machine", State.DOWN, what, hint)
        if self._row is None:
            self._row = health(self._folder)
        return self._row


def _files() -> _Finding:
    if sys.platform == "win32":
        return State.OK, f"{psutil.Process().num_handles()} handles open", ""
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    higher = min(max(4096, 4 * limit), most) if most != resource.RLIM_INFINITY else 4 * limit
    hint = f"close programs that are connected to banban, or start banban after `ulimit -n {higher}`"
    try:
        used = psutil.Process().num_fds()
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
        return State.DOWN, f"all {limit} files and connections are in use", hint
    what = f"{used} of {limit} files and connections in use"
    if used >= limit * FILES_SHARE:
        return State.LIMITED, what, hint
    return State.OK, what, ""


def _memory() -> _Finding:
    free = psutil.virtual_memory().available
    hint = "close other programs, or use a smaller model or a smaller brain.context"
    return _judged(free, LITTLE_MEMORY, NO_MEMORY, f"{_size(free)} of memory free", hint)


def _disk(folder: Path) -> _Finding:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    what = f"{_size(free)} free on the disk"
    return _judged(free, LITTLE_DISK, NO_DISK, what, f"free some space on the disk that holds {folder}")


def _judged(free: int, little: int, none: int, what: str, hint: str) -> _Finding:
    if free >= little:
        return State.OK, what, ""
    return (State.DOWN if free < none else State.LIMITED), what, hint


def _size(amount: int) -> str:
    return f"{amount / 1e9:.1f} GB" if amount >= 1e9 else f"{amount / 1e6:.0f} MB"
