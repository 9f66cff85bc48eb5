"""Events that were received and not yet taken."""

from __future__ import annotations

import asyncio

from vtuber.core.events import Event


class EventBuffer:
    """Bounded: whoever puts more than ``limit`` events into it waits, and so does the platform."""

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._events: list[Event] = []
        self._changed = asyncio.Event()
        self._space = asyncio.Event()
        self._producers: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    def watch(self, producer: asyncio.Task[None]) -> None:
        """``take`` raises what this task fails with, and knows when nothing more will come."""
        self._producers.add(producer)
        producer.add_done_callback(self._finish)

    async def put(self, event: Event) -> None:
        """Adds an event. Waits for space."""
        while len(self._events) >= self._limit:
            self._space.clear()
            await self._space.wait()
        self._events.append(event)
        self._changed.set()

    async def take(self, until: float | None = None) -> list[Event] | None:
        """All that has come, or the first that comes by then; [] when nothing does.

        None when all producers have ended. Raises what a producer failed with.
        """
        try:
            async with asyncio.timeout_at(until):
                while not self._events and self._failure is None and self._producers:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return []
        events, self._events = self._events, []
        self._space.set()
        if events:
            return events
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        return None

    def _finish(self, producer: asyncio.Task[None]) -> None:
        self._producers.discard(producer)
        if not producer.cancelled() and (failure := producer.exception()) is not None:
            self._failure = failure
        self._changed.set()
