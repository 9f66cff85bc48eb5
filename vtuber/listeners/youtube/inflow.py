"""What a way brings, read in a task of its own and handed over batch by batch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from vtuber.core import clock
from vtuber.core.events import Event
from vtuber.listeners.youtube.transports import ChatReader

LIMIT = 4000
"""Events that wait; while there are more, the way is not read on."""
CLOSE_SECONDS = 2.0
"""How long a way may take to close its connections."""


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None


class EventBuffer:
    """Made by ``flowing``."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Event | _End] = asyncio.Queue(LIMIT)
        self._end: _End | None = None

    async def read(self, way: ChatReader) -> None:
        error = None
        try:
            async with aclosing(way.events()) as events:
                async for event in events:
                    await self._queue.put(event)
        except Exception as raised:  # noqa: BLE001  # raised where the batches are taken
            error = raised
        await self._queue.put(_End(error))

    async def batch(self, until: float) -> list[Event] | None:
        """What has come, or comes by then; [] when nothing does, None when nothing will any more.

        Raises what the way raises.
        """
        events: list[Event] = []
        try:
            async with asyncio.timeout_at(until):
                while not self._end and (not events or not self._queue.empty()):
                    self._take(await self._queue.get(), events)
        except TimeoutError:
            return []
        if events or self._end is None:
            return events
        if self._end.error:
            raise self._end.error
        return None

    def _take(self, found: Event | _End, events: list[Event]) -> None:
        if isinstance(found, _End):
            self._end = found
        else:
            events.append(found)


@asynccontextmanager
async def flowing(way: ChatReader) -> AsyncIterator[EventBuffer]:
    """Reads the way until the body ends."""
    inflow = EventBuffer()
    task = asyncio.create_task(inflow.read(way))
    try:
        yield inflow
    finally:
        task.cancel()
        with clock.outside():
            await asyncio.wait([task], timeout=CLOSE_SECONDS)
