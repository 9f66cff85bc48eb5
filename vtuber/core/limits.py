"""How near this process is to running out of files, memory or disk: a row for people, never an error."""

from __future__ import annotations

import errno
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from vtuber.core.health import Health, State

if sys.platform != "win32":
    import resource

FILES_SHARE = 0.8
"""Above this share of the files and connections that may be open, the state is limited."""
LITTLE_MEMORY, NO_MEMORY = 500_000_000, 100_000_000
LITTLE_DISK, NO_DISK = 1_000_000_000, 50_000_000
"""Bytes free below which the state is limited, and below which it is down."""

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
