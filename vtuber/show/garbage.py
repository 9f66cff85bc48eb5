"""When Python looks for garbage: not in the middle of a reply, if it can wait.

A full collection holds up the whole event loop, for 50 ms and more when a flood of chat is known. What exists
when the show goes on air is here to stay and is never looked through again; what comes later, when she is
idle. Small collections of what is new go on by themselves.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
from collections.abc import Callable
from contextlib import suppress

from vtuber.core.simulated import SimulatedLoop

EVERY = 60.0
"""Seconds from one full collection to the next…"""
PATIENCE = 10
"""…and how many of these pass at most when she is never idle."""
_THRESHOLDS = (1000, 5, 1_000_000)
"""New objects until a small collection; small ones until a larger; and as good as never a full one."""


_idles: list[Callable[[], bool]] = []
"""Of each show in this process, whether it is idle."""


async def collect_when(idle: Callable[[], bool]) -> None:
    """Until cancelled. Changes nothing in simulated time, where nobody waits.

    Of several shows the first collects for all, when all are idle; when it is over the next does.
    """
    if isinstance(asyncio.get_running_loop(), SimulatedLoop):
        return
    _idles.append(idle)
    try:
        while _idles[0] is not idle:  # noqa: ASYNC110  # looked at once a minute
            await asyncio.sleep(EVERY)
        await _collect_on()
    finally:
        _idles.remove(idle)


async def _collect_on() -> None:
    before = gc.get_threshold()
    collect()  # what starting has left
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    try:
        while True:
            for _ in range(PATIENCE):
                await asyncio.sleep(EVERY)
                if all(idle() for idle in _idles):
                    break
            collect()
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def collect() -> None:
    """All garbage, and gives back the memory that the system's own C library keeps (on Linux)."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
