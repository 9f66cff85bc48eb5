"""How a Redis or Valkey server is reached: the one that config names, or the embedded one; and its errors."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from redis.asyncio import ConnectionPool, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
)

from vtuber.core import clock
from vtuber.core.errors import ConfigError, RecallError
from vtuber.core.text import clean, escaped
from vtuber.memory.store import CLIENTS

if TYPE_CHECKING:
    from vtuber.memory.valkey import EmbeddedValkey  # does not exist on every system

PASSWORD = "BANBAN_REDIS_PASSWORD"  # noqa: S105  # the name of a variable

WRITE_SECONDS = 3.0
"""How long a server may take for anything."""

FAILURES = (RedisError, RedisClusterException, OSError, ValueError)
"""What redis-py raises; asyncio's TimeoutError is an OSError."""

_MEANINGS: tuple[tuple[type[RedisError], str, str, str], ...] = (
    (
        RedisError,  # where it comes while connecting, redis-py makes it an ordinary ConnectionError
        "authentication required",
        "asks for a password",
        f"put it into the environment variable {PASSWORD}",
    ),
    (
        RedisError,
        "invalid username-password",
        "does not accept the password",
        f"check {PASSWORD}, and the user in memory.url",
    ),
    (NoPermissionError, "", "does not allow it", "give the user in memory.url all commands on banban's keys"),
    (
        ReadOnlyError,
        "",
        "cannot be written: it is a read-only replica",
        "set memory.url to the address of its primary",
    ),
    (
        OutOfMemoryError,
        "",
        "is full",
        "raise maxmemory on the server, or lower memory.keep_viewers and memory.keep_heard",
    ),
    (BusyLoadingError, "", "is still loading its data", "wait until it has started"),
    (ClusterDownError, "", "is a cluster that is down", "look at CLUSTER INFO on its nodes"),
    (
        MovedError,
        "",
        "is a cluster, and does not say so",
        "allow the user in memory.url the command INFO",
    ),
    (
        ResponseError,
        "misconf",
        "cannot save to its disk",
        "make room on the server's disk, or look at its log",
    ),
)
"""What an error is, what its text holds, what that means, and what to do about it."""


class Server:
    """On the address ``url``, or ours: ``embedded``. Raises ConfigError for an address that is not one."""

    def __init__(self, url: str, embedded: EmbeddedValkey | None = None, users: str = CLIENTS) -> None:
        """``users``: how the names begin by which the server knows all connections for the same purpose."""
        self._url = url
        self._embedded = embedded
        self._users = users
        self.name = f"{users}{os.getpid()}-{secrets.token_hex(4)}"
        """By which the server knows all connections of this one; no other has it."""
        self._pool = connections(url, embedded, self.name)
        self._client: Redis | RedisCluster | None = None

    @property
    def kind(self) -> str:
        if self._embedded is not None:
            return "an embedded server"
        return "a Redis cluster" if isinstance(self._client, RedisCluster) else "Redis"

    @property
    def place(self) -> str:
        """Where it is, without user and password."""
        if self._embedded is not None:
            return f"in {escaped(str(self._embedded.folder))}"
        place = shown(self._pool)
        return place.partition(", ")[0] if isinstance(self._client, RedisCluster) else place

    @property
    def remark(self) -> str:
        """What a streamer should know of it; "" for nothing."""
        return self._embedded.remark if self._embedded is not None else ""

    async def connect(self) -> Redis | RedisCluster:
        """Starts the server if it is ours. Asks a server once whether it is a cluster."""
        if self._embedded is not None:
            await clock.in_thread(self._embedded.ensure)
        if self._client is None:
            single = Redis.from_pool(self._pool)
            self._client = single
            try:
                if await self._is_cluster(single):
                    self._client = self._cluster()
                    with clock.outside():
                        await single.aclose()
            except BaseException:
                self._client = None
                raise
        return self._client

    async def others(self, key: str, seconds: float) -> bool:
        """Whether another program has used it for the same purpose in the last ``seconds``.

        Only a server of somebody else's is asked, and of a cluster the node with ``key``; one that does not
        tell it has none.
        """
        if self._embedded is not None or self._client is None:
            return False
        try:
            if isinstance(self._client, RedisCluster):
                cluster = await self._client.initialize()  # else it knows no nodes yet
                asked = cluster.client_list(target_nodes=cluster.get_node_from_key(key))
            else:
                asked = self._client.client_list()
            clients: list[dict[str, str]] = await asked
        except ResponseError:
            return False
        database = str(self._pool.connection_kwargs.get("db", 0))
        fresh = [one for one in clients if int(one["idle"]) <= seconds and one["db"] == database]
        names = (one.get("name", "") for one in fresh)
        return any(name.startswith(self._users) and name != self.name for name in names)

    async def close(self) -> None:
        """Ends the server, if it is ours and no other show uses it."""
        if self._client is not None:
            with clock.outside(), suppress(RedisError, OSError):
                await self._client.aclose()
        if self._embedded is not None:
            await clock.in_thread(self._embedded.leave, self.name)

    def explained(self, failure: Exception) -> tuple[str, str]:
        """What a failure means, as the rest of a sentence, and what to do about it."""
        for kind, said, what, hint in _MEANINGS:
            if isinstance(failure, kind) and said in str(failure).lower():
                return what, hint
        hint = (
            "" if self._embedded else f"check that it runs, and check {PASSWORD}; or leave memory.url empty"
        )
        return f"cannot be used: {escaped(clean(_words(failure), 300))}", hint

    async def _is_cluster(self, client: Redis) -> bool:
        if self._embedded is not None:
            return False
        try:
            with clock.outside():
                return bool((await client.info("cluster")).get("cluster_enabled"))
        except NoPermissionError:
            return False

    def _cluster(self) -> RedisCluster:
        to: dict[str, Any] = {**_options(self.name), **parse_url(self._url)}
        to["password"] = os.environ.get(PASSWORD) or to.get("password")
        if to.pop("db", 0):
            raise RecallError(
                f"memory is a cluster, which has one database only ({self.place})",
                hint="leave out the number at the end of memory.url; memory.name keeps shows apart",
            )
        to["ssl"] = to.pop("connection_class", None) is SSLConnection
        return RedisCluster(**to, require_full_coverage=False)  # our keys are on one node


def _words(failure: Exception) -> str:
    """What went wrong, in the system's own words where it has some: redis-py puts more around them."""
    cause = failure.__cause__ or failure.__context__
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno) if cause.errno > 0 else str(cause.strerror)
    return str(failure) or type(failure).__name__


def is_wrong_type(reply: object) -> bool:
    """Whether the server says that a key holds another kind of value."""
    return isinstance(reply, ResponseError) and "WRONGTYPE" in str(reply)


def connections(url: str, server: EmbeddedValkey | None, name: str) -> ConnectionPool:
    """To ``server``, else to what is at ``url``; the server knows them as ``name``. Raises ConfigError."""
    options = _options(name)
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


def _options(name: str) -> dict[str, Any]:
    return {
        "client_name": name,
        "decode_responses": True,
        "encoding_errors": "replace",  # the data may be anybody's
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),  # we try again, not redis-py
        "socket_timeout": WRITE_SECONDS,
        "socket_connect_timeout": WRITE_SECONDS,
    }


def shown(pool: ConnectionPool) -> str:
    """Where the server is, without user and password."""
    to = pool.connection_kwargs
    place = to.get("path") or f"{to.get('host', 'localhost')}:{to.get('port', 6379)}"
    return f"at {escaped(clean(place, 200))}, database {to.get('db', 0)}"
