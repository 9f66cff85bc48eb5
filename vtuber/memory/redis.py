"""A memory in Redis (or Valkey): on a server that config names, or on the embedded one.

What is stored there is described in ``vtuber.memory.store``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from platformdirs import user_data_path
from redis.asyncio import ConnectionPool, Redis, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.availability import Availability
from vtuber.core.errors import ConfigError, RecallError
from vtuber.core.events import Answerable, Batch
from vtuber.core.health import Health, State
from vtuber.core.text import clean, escaped
from vtuber.memory import Memory, Recollection
from vtuber.memory.buffer import MemoryBuffer
from vtuber.memory.forgetful import ForgetfulMemory
from vtuber.memory.purge import Purge, is_person, of_person, of_revocation
from vtuber.memory.store import CLIENTS, SCHEMA, RedisStore
from vtuber.moderation.revocation import Revocation

if TYPE_CHECKING:
    from vtuber.memory.valkey import EmbeddedValkey  # does not exist on every system

PASSWORD = "BANBAN_REDIS_PASSWORD"  # noqa: S105  # the name of a variable

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
_SHORTEST_PAUSE = 0.25
_LONGEST_PAUSE = 5.0

_FAILURES = (RedisError, OSError, ValueError)  # asyncio's TimeoutError is an OSError

_log = logging.getLogger(__name__)

T = TypeVar("T")


class RedisMemory:
    """On the server at ``settings.memory.url``, or on ``server``.

    After a failure, a task tries the server until it answers again. Meanwhile a recall fails at once, and
    what is heard is kept, within bounds, to be written later. It is written at least once: what was on its
    way when a connection broke may be counted twice.
    """

    def __init__(self, settings: Settings, server: EmbeddedValkey | None = None) -> None:
        self._settings = settings.memory
        self._server = server
        self._name = f"{CLIENTS}{os.getpid()}-{secrets.token_hex(4)}"
        pool = _pool(settings.memory.url, server, self._name)
        self._redis = Redis.from_pool(pool)
        self._store = RedisStore(self._redis, settings.memory)
        self._place = f"in {server.folder}" if server else _shown(pool)
        self._buffer = MemoryBuffer(PENDING_VIEWERS, PENDING_ANSWERS)
        self._purges = Purge()
        self._purges_lost = 0
        # One bundle, purge or recall at a time: what is pending is then surely not stored.
        self._alone = asyncio.Lock()
        self._trouble: RecallError | None = RecallError("not started")
        self.availability = Availability()
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
                stored, answers = await self._store.read(batch)
                return self._buffer.recollect(batch, *self._purges.left_of(stored, batch, answers))
        except TimeoutError:
            error = self._failed(f"took longer than {self._settings.recall_seconds:g} seconds to answer")
        except _FAILURES as failure:
            error = self._failed(_reason(failure))
        raise error

    async def remember(self, batch: Batch, heard: str) -> None:
        """Never raises: it is written with the rest, soon or when the server is back."""
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
            with clock.outside(), suppress(*_FAILURES):
                await self._redis.aclose()
        if self._buffer:
            _log.warning(
                "memory %s: %d viewers or answers could not be saved", self._place, len(self._buffer)
            )
        if self._purges:
            _log.warning(
                "memory %s: %d things that should be deleted are still stored", self._place, len(self._purges)
            )
        if self._server is not None:
            await clock.in_thread(self._server.leave, self._name)

    def health(self) -> Health:
        lost = f"; {self._buffer.dropped} messages and answers were dropped" if self._buffer.dropped else ""
        lost += (
            f"; {self._purges_lost} things that should be deleted are still stored"
            if self._purges_lost
            else ""
        )
        if self._trouble is not None:
            return Health("memory", State.DOWN, f"{self._trouble.what}{lost}", self._trouble.hint)
        kind = "an embedded server" if self._server else "Redis"
        return Health("memory", State.OK, f"{kind} {self._place}{lost}")

    async def _write_on(self) -> None:
        """Writes every second; while the server is down, tries it with growing pauses."""
        patience = _SHORTEST_PAUSE
        while not self._stopping:
            if self._trouble is not None:
                await self._attempt(self._try)
            if self._trouble is None:
                await self._attempt(self._write)
            if self._trouble is None:
                patience = _SHORTEST_PAUSE
                await self._rest(WRITE_EVERY)
            else:
                await self._rest(patience)
                patience = min(_LONGEST_PAUSE, patience * 2)
        if self._trouble is None:
            await self._attempt(self._write)

    async def _attempt(self, work: Callable[[], Awaitable[None]]) -> None:
        """Does the work. Any failure shows in health, and the work is tried again."""
        try:
            await work()
        except Exception as failure:  # noqa: BLE001  # the writer must outlive it
            self._failed(_reason(failure))

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
            except _FAILURES as failure:
                self._failed(_reason(failure))
            await self._purge()

    async def _write_bundle(self) -> None:
        bundle = self._buffer.take(BUNDLE)
        written = False
        try:
            await self._store.write(bundle)
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
            except _FAILURES as failure:
                self._failed(_reason(failure))
            else:
                self._purges.done(purge)

    async def _carry_out(self, purge: Purge) -> None:
        cursor = "0" if purge.names else ""
        while cursor:
            cursor, found = await self._done_alone(partial(self._store.named, purge, cursor))
            purge.people.update(dict.fromkeys(found))
            cursor = "" if cursor == "0" else cursor
        await self._done_alone(partial(self._store.remove, purge))
        behind: int | None = 0 if purge.people or purge.answers else None
        while behind is not None:
            behind = await self._done_alone(partial(self._store.remove_heard, purge, behind))

    async def _done_alone(self, work: Callable[[], Awaitable[T]]) -> T:
        async with self._alone, asyncio.timeout(_WRITE_SECONDS):
            return await work()

    async def _try(self) -> None:
        """Starts the server if it is ours, asks whether it can be used, and notes the result."""
        try:
            async with asyncio.timeout(_TRY_SECONDS):
                if self._server is not None:
                    await clock.in_thread(self._server.ensure)
                await self._ask_schema()
        except RecallError as error:
            self._down(error)
        except _FAILURES as failure:
            self._failed(_reason(failure))
        else:
            if self._writer is not None:
                _log.info("memory %s works again", self._place)
            self._trouble = None
            self.availability.set(ready=True)

    async def _ask_schema(self) -> None:
        async with self._alone:
            schema = await self._store.schema()
        if schema != SCHEMA:
            raise RecallError(
                f"memory {self._place} comes from another version (schema {escaped(clean(schema, 20))})",
                hint="use another folder or database, or the version of banban that wrote it",
            )

    def _failed(self, reason: str) -> RecallError:
        hint = "" if self._server else f"check that it runs, and check {PASSWORD}; or leave memory.url empty"
        error = RecallError(f"memory {self._place} {reason}", hint=hint)
        self._down(error)
        return error

    def _down(self, error: RecallError) -> None:
        if self._trouble is None or self._writer is None:
            _log.warning("%s; the show goes on without memory, and banban tries again", error.what)
            self._wake.set()
        self._trouble = error
        self.availability.set(ready=False)


def embedded(settings: Settings) -> Memory:
    """A memory on the server that comes with banban; where it cannot run, one that forgets and says why."""
    try:
        from vtuber.memory.valkey import EmbeddedValkey  # noqa: PLC0415  # cannot be imported on Windows

        server = EmbeddedValkey(
            settings.memory.folder or user_data_path("banban", appauthor=False) / "memory"
        )
        server.check()
    except ImportError:
        return ForgetfulMemory(settings, "there is no embedded server for this system")
    except RecallError as error:
        return ForgetfulMemory(settings, error.what)
    return RedisMemory(settings, server)


def _pool(url: str, server: EmbeddedValkey | None, name: str) -> ConnectionPool:
    options: dict[str, Any] = {
        "client_name": name,
        "decode_responses": True,
        "encoding_errors": "replace",  # the data may be anybody's
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),  # we try again, not redis-py
        "socket_timeout": _WRITE_SECONDS,
        "socket_connect_timeout": _WRITE_SECONDS,
    }
    if server is not None:
        return ConnectionPool(UnixDomainSocketConnection, path=str(server.address), **options)
    try:
        pool = ConnectionPool.from_url(url, **options)
        if password := os.environ.get(PASSWORD):
            pool.connection_kwargs["password"] = password
        pool.connection_class(**pool.connection_kwargs)
    except (ValueError, TypeError):
        raise ConfigError(  # the cause may quote the password
            "this is not the address of a Redis server",
            where="memory.url",
            hint=f"write it like redis://127.0.0.1:6379/0; the password belongs in {PASSWORD}",
        ) from None
    return pool


def _shown(pool: ConnectionPool) -> str:
    """Where the server is, without user and password."""
    to = pool.connection_kwargs
    place = to.get("path") or f"{to.get('host', 'localhost')}:{to.get('port', 6379)}"
    return f"at {escaped(clean(place, 200))}, database {to.get('db', 0)}"


def _reason(failure: Exception) -> str:
    if isinstance(failure, TimeoutError):
        return "does not answer"
    return f"cannot be used: {escaped(clean(str(failure) or type(failure).__name__, 300))}"
