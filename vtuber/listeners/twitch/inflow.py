"""What was heard and not yet fetched."""

from __future__ import annotations

import asyncio
from collections import deque

from vtuber.core.events import Event

LIMIT = 256


class Inflow:
    """Bounded: whoever brings more than ``LIMIT`` events waits, and so does the platform behind them."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._failure: BaseException | None = None

    async def put(self, event: Event) -> None:
        while len(self._events) >= LIMIT:
            self._room.clear()
            await self._room.wait()
        self._events.append(event)
        self._arrived.set()

    async def get(self) -> Event:
        """Raises what a task failed with that brings events."""
        while not self._events:
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
            self._arrived.clear()
            await self._arrived.wait()
        self._room.set()
        return self._events.popleft()

    def mind(self, task: asyncio.Task[None]) -> None:
        """Should the task fail, ``get`` raises that."""
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = failure
            self._arrived.set()
