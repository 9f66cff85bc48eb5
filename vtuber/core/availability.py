"""Whether a part can do its work now: what others wait for and decide by.

``Health`` is what people read of the same part; nothing is decided by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Told how far a part's start is: 0..1, and a few words."""


class Availability:
    """Owned by one part, which says when it becomes ready and when it no longer is."""

    def __init__(self, *, ready: bool = False) -> None:
        self._ready = asyncio.Event()
        self._away = asyncio.Event()
        self._watchers: list[Callable[[], None]] = []
        self.set(ready=ready)

    @property
    def is_ready(self) -> bool:
        """Whether the part can do its work now."""
        return self._ready.is_set()

    def set(self, *, ready: bool) -> None:
        """The part says how it is from now on. Whoever waits for that is woken."""
        now, before = (self._ready, self._away) if ready else (self._away, self._ready)
        changed = before.is_set()
        before.clear()
        now.set()
        for changes in self._watchers if changed else ():
            changes()

    def watch(self, changes: Callable[[], None]) -> None:
        """Calls ``changes`` after each change: for a part that is made of others."""
        self._watchers.append(changes)

    async def until_ready(self) -> None:
        """Waits until the part can do its work; returns at once when it can."""
        await self._ready.wait()

    async def until_away(self) -> None:
        """Waits until the part can no longer do its work; returns at once when it cannot."""
        await self._away.wait()
