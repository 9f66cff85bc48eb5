"""A memory that outlives the show: what is heard is written to a store, and recalled under a deadline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.availability import Availability
from vtuber.core.backoff import Backoff
from vtuber.core.errors import RecallError
from vtuber.core.events import Answerable, Batch
from vtuber.core.health import Health, State
from vtuber.memory import Recollection
from vtuber.memory.buffer import MemoryBuffer
from vtuber.memory.purge import Purge, is_person, of_person, of_revocation
from vtuber.memory.store import Store
from vtuber.moderation.revocation import Revocation

WRITE_EVERY = 1.0
PENDING_VIEWERS = 10_000
CROWD = 2_000
"""When so many viewers have something to be written, it is written at once."""
PENDING_ANSWERS = 1_000
BUNDLE = 50
"""Viewers per write, which takes a few milliseconds of the loop's time, and delays a recall by as much."""
PENDING_PURGES = 100_000
"""The most purges of each kind that wait. They are small, and a server may be away for long."""
PURGE = 1_000
"""How many of each kind are carried out together."""

_TRY_SECONDS = 5.0
_WRITE_SECONDS = 3.0
_STOP_SECONDS = 0.7
_CLOSE_SECONDS = 1.0
_PAUSES = (0.25, 5.0)
"""The shortest and the longest between two attempts to use the store."""

_log = logging.getLogger(__name__)

T = TypeVar("T")


class StoredMemory:
    """After a failure, a task tries the store until it works again. Meanwhile a recall fails at once, and
    what is heard is kept, within bounds, to be written later. It is written at least once: what was on its
    way when a connection broke may be counted twice.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self.store = store
        self.availability = Availability()
        self._settings = settings.memory
        self._failures: tuple[type[Exception], ...] = (RecallError, *store.failures)
        self._buffer = MemoryBuffer(PENDING_VIEWERS, PENDING_ANSWERS)
        self._purges = Purge()
        self._purges_lost = 0
        # One bundle, purge or recall at a time: what is pending is then surely not stored.
        self._alone = asyncio.Lock()
        self._trouble: RecallError | None = RecallError("not started")
        self._backoff = Backoff(*_PAUSES)
        self._is_told = False
        """Whether it was said that the store cannot be used, and not yet that it can again."""
        self._wake = asyncio.Event()
        self._stopping = False
        self._writer: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._try()
        self._writer = asyncio.create_task(self._write_on(), name="memory")

    def note(self, event: Answerable) -> None:
        self._buffer.note(event)
        if len(self._buffer) == CROWD:
            self._wake.set()

    async def recall(self, batch: Batch) -> Recollection:
        if self._trouble is not None:
            raise RecallError(self._trouble.what, where=self._trouble.where, hint=self._trouble.hint)
        try:
            async with asyncio.timeout(self._settings.recall_seconds), self._alone:
                stored, answers = await self.store.read(batch)
                return self._buffer.recollect(batch, *self._purges.left_of(stored, batch, answers))
        except TimeoutError:
            error = self._told(f"took longer than {self._settings.recall_seconds:g} seconds to answer")
        except self._failures as failure:
            error = self._failed(failure)
        raise error

    async def remember(self, batch: Batch, heard: str) -> None:
        """Never raises: it is written with the rest, soon or when the store is back."""
        self._buffer.answer(batch, heard)

    def forget(self, platform: str, who: str) -> None:
        self._forget(of_person(platform, who), lambda event: is_person(event, platform, who))

    def revoke(self, revocation: Revocation) -> frozenset[str]:
        purge = of_revocation(revocation)
        self._forget(purge, revocation.forgets)
        return frozenset(heard for _, heard in purge.answers)

    def _forget(self, purge: Purge, takes: Callable[[Answerable], bool]) -> None:
        self._buffer.forget(purge, takes)
        self._purges_lost += self._purges.add(purge, PENDING_PURGES)

    async def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                if self._writer is not None:
                    await self._writer
        except TimeoutError:
            pass  # cancelled, having put back what it could not write
        finally:
            place = self.store.place
            if self._buffer:
                _log.warning("memory %s: %d viewers or answers could not be saved", place, len(self._buffer))
            if self._purges:
                _log.warning(
                    "memory %s: %d things that should be deleted are still stored", place, len(self._purges)
                )
            with clock.outside(), suppress(*self._failures):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self.store.close()

    def health(self) -> Health:
        lost = f"; {self._buffer.dropped} messages and answers were dropped" if self._buffer.dropped else ""
        lost += (
            f"; {self._purges_lost} things that should be deleted are still stored"
            if self._purges_lost
            else ""
        )
        if self._trouble is not None:
            what = f"{self._trouble.what}{self._backoff.note}{lost}"
            return Health("memory", self._backoff.state, what, self._trouble.hint)
        remark = f"; {self.store.remark}" if self.store.remark else ""
        return Health("memory", State.OK, f"{self.store.kind} {self.store.place}{remark}{lost}")

    async def _write_on(self) -> None:
        """Writes every second; while the store cannot be used, tries it with growing pauses."""
        while not self._stopping:
            if self._trouble is not None:
                await self._attempt(self._try)
            if self._trouble is None:
                await self._attempt(self._write)
            if self._trouble is None:
                self._tell_of_recovery()
                self._backoff.reset()
                await self._rest(WRITE_EVERY)
            else:
                if not self._stopping:
                    self._wake.clear()  # this trouble is no news
                await self._rest(self._backoff.next())
        if self._trouble is None:
            await self._attempt(self._write)

    async def _attempt(self, work: Callable[[], Awaitable[None]]) -> None:
        """Does the work. Any failure shows in health, and the work is tried again."""
        try:
            await work()
        except Exception as failure:  # noqa: BLE001  # the writer must outlive it
            self._failed(failure)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    async def _write(self) -> None:
        await self._purge()
        for _ in range(len(self._buffer) // BUNDLE + 1):
            if not self._buffer or self._trouble is not None:
                return
            try:
                await self._done_alone(self._write_bundle)
            except self._failures as failure:
                self._failed(failure)
            await self._purge()

    async def _write_bundle(self) -> None:
        bundle = self._buffer.take(BUNDLE)
        written = False
        try:
            await self.store.write(bundle)
            written = True
        finally:
            if not written:
                self._buffer.put_back(bundle)

    async def _purge(self) -> None:
        """Removes what is to be forgotten, before anything newer is written."""
        while self._purges and self._trouble is None:
            purge = self._purges.first(PURGE)
            try:
                await self._carry_out(purge)
            except self._failures as failure:
                self._failed(failure)
            else:
                self._purges.done(purge)

    async def _carry_out(self, purge: Purge) -> None:
        cursor = "0" if purge.names else ""
        while cursor:
            cursor, found = await self._done_alone(partial(self.store.named, purge, cursor))
            purge.people.update(dict.fromkeys(found))
            cursor = "" if cursor == "0" else cursor
        await self._done_alone(partial(self.store.remove, purge))
        behind: int | None = 0 if purge.people or purge.answers else None
        while behind is not None:
            behind = await self._done_alone(partial(self.store.remove_heard, purge, behind))

    async def _done_alone(self, work: Callable[[], Awaitable[T]]) -> T:
        async with self._alone, asyncio.timeout(_WRITE_SECONDS):
            return await work()

    async def _try(self) -> None:
        """Opens the store, asks whether it can be used, and notes the result."""
        try:
            async with asyncio.timeout(_TRY_SECONDS), self._alone:
                await self.store.open()
        except self._failures as failure:
            self._failed(failure)
        else:
            self._trouble = None
            self.availability.set(ready=True)

    def _tell_of_recovery(self) -> None:
        if self._is_told:
            _log.info("memory %s works again", self.store.place)
        self._is_told = False

    def _failed(self, failure: Exception) -> RecallError:
        if isinstance(failure, RecallError):
            return self._down(failure)
        if isinstance(failure, TimeoutError):
            return self._told("does not answer")
        return self._told(*self.store.explained(failure))

    def _told(self, reason: str, hint: str | None = None) -> RecallError:
        hint = self.store.explained(TimeoutError())[1] if hint is None else hint
        return self._down(RecallError(f"memory {reason} ({self.store.place})", hint=hint))

    def _down(self, error: RecallError) -> RecallError:
        if not self._is_told:
            _log.warning("%s; the show goes on without memory, and banban tries again", error.what)
        self._is_told = True
        if self._trouble is None:
            self._wake.set()
        self._trouble = error
        self.availability.set(ready=False)
        return error
