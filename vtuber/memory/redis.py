"""A memory in Redis (or Valkey): on a server or a cluster that config names, or on the embedded one."""

from __future__ import annotations

from vtuber.config import Settings
from vtuber.core.errors import RecallError
from vtuber.memory import Memory
from vtuber.memory.redis_store import RedisStore
from vtuber.memory.server import Server
from vtuber.memory.sqlite import sqlite_instead
from vtuber.memory.store import folder_of
from vtuber.memory.stored import StoredMemory


def redis(settings: Settings) -> StoredMemory:
    """A memory on the server at ``memory.url``. Raises ConfigError for an address that is not one."""
    return StoredMemory(settings, RedisStore(Server(settings.memory.url), settings.memory))


def embedded(settings: Settings) -> Memory:
    """A memory on the server that comes with banban; where that cannot run, in a file."""
    try:
        from vtuber.memory.valkey import EmbeddedValkey  # noqa: PLC0415  # cannot be imported on Windows

        server = EmbeddedValkey(folder_of(settings.memory))
        server.check()
    except ImportError:
        return sqlite_instead(settings, "there is no embedded server for this system")
    except RecallError as error:
        return sqlite_instead(settings, error.what)
    return StoredMemory(settings, RedisStore(Server("", server), settings.memory))
