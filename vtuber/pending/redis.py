"""Pending events in Redis (or Valkey): a stream that a consumer group reads.

What is owed is in the stream, and on the group's list of what was delivered and not acknowledged (XPENDING),
until it is settled. All keys of a show begin with ``banban:{SHOW}:pending`` and hash together, so that they
are on one node of a cluster:

- ``…``: the stream; each entry has the field ``change``
- ``…:index``: hash of the events' own keys to the ids of their entries; it makes adding idempotent
- ``…:begun``: hash of the same keys to whether the answer began to be heard
- ``…:settled``: sorted set of the keys that were settled last, by number
- ``…:deleted``: sorted set of the latest deletions, by number
- ``…:state``: how the show is
- ``…:unreadable``: list of what is no change of ours, the latest last
- ``…:written``: which write was the last: a server that came back with older data tells another than we know
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import ResponseError

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import PendingError, RecallError, TakenError
from vtuber.core.text import escaped
from vtuber.memory.server import FAILURES, Server
from vtuber.memory.store import CLIENTS
from vtuber.pending.changes import HIGHEST, Added, Begun, Change, Deleted, Kept, Settled, dump, load
from vtuber.pending.ledger import DELETIONS, SETTLED

if TYPE_CHECKING:
    from vtuber.memory.valkey import EmbeddedValkey  # does not exist on every system

log = logging.getLogger(__name__)

GROUP, CONSUMER = "banban", "show"
TYPES = {
    "": "stream",
    ":index": "hash",
    ":begun": "hash",
    ":settled": "zset",
    ":deleted": "zset",
    ":state": "string",
    ":unreadable": "list",
    ":written": "string",
}
"""Of our keys, by their ends."""
ALIVE_SECONDS = 30.0
"""Whoever has not used the server for so long is gone, though it has not noticed: it lost its power."""
BUNDLE = 500
"""So many changes are written in one go."""

_WRITE = """
local stream, index, begun, settled, deleted, state, unreadable, written = unpack(KEYS)
local changes, group, consumer = cjson.decode(ARGV[1]), ARGV[2], ARGV[3]
local known, following = ARGV[7], ARGV[8]
local added = 0
if redis.call('EXISTS', stream) == 0 or redis.sha1hex(redis.call('GET', written) or '') ~= known then
  return redis.error_reply('NOGROUP it has lost its data')
end
if #changes == 0 then return known end
redis.call('SET', written, following)

-- Of a stored change; lower than all others where somebody else wrote it.
local function number_of(line)
  local read, stored = pcall(cjson.decode, line)
  if not read or type(stored) ~= 'table' or type(stored.number) ~= 'number' then return -1 end
  return stored.number <= tonumber(ARGV[6]) and stored.number or -1
end

-- The id under which an event is in the stream; nil where it is not.
local function entry_of(key)
  local id = redis.call('HGET', index, key)
  local found = id and redis.pcall('XRANGE', stream, id, id)
  return found and not found.err and #found == 1 and found[1][1] or nil
end

for _, change in ipairs(changes) do
  local what, number, key, line = unpack(change)
  if what == 'add' then
    if not redis.call('ZSCORE', settled, key) and not entry_of(key) then
      redis.call('HSET', index, key, redis.call('XADD', stream, '*', 'change', line))
      added = added + 1
    end
  elseif what == 'begin' then
    local before = redis.call('HGET', begun, key)
    if not redis.call('ZSCORE', settled, key)
      and (not before or number_of(before) < number) then
      redis.call('HSET', begun, key, line)
    end
  elseif what == 'settle' then
    local id = entry_of(key)
    if id then
      redis.call('XACK', stream, group, id)
      redis.call('XDEL', stream, id)
    end
    redis.call('HDEL', index, key)
    redis.call('HDEL', begun, key)
    redis.call('ZADD', settled, number, key)
    redis.call('ZREMRANGEBYRANK', settled, 0, -tonumber(ARGV[4]) - 1)
  elseif what == 'delete' then
    redis.call('ZADD', deleted, number, line)
    redis.call('ZREMRANGEBYRANK', deleted, 0, -tonumber(ARGV[5]) - 1)
  elseif what == 'keep' then
    local before = redis.call('GET', state)
    if not before or number_of(before) < number then redis.call('SET', state, line) end
  end
end
if added > 0 then
  redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', added, 'STREAMS', stream, '>')
end
return redis.sha1hex(following)
"""

_READ = """
local stream, index, begun, settled, deleted, state, unreadable, written = unpack(KEYS)
return {
  redis.call('XRANGE', stream, '-', '+'), redis.call('HVALS', begun),
  redis.call('ZRANGE', settled, 0, -1, 'WITHSCORES'), redis.call('ZRANGE', deleted, 0, -1),
  redis.call('GET', state) or '', redis.sha1hex(redis.call('GET', written) or '')
}
"""

_SET_ASIDE = """
local stream, index, begun, settled, deleted, state, unreadable = unpack(KEYS)
for i = 1, #ARGV, 2 do
  redis.call('RPUSH', unreadable, ARGV[i + 1])
  redis.call('XDEL', stream, ARGV[i])
end
redis.call('LTRIM', unreadable, -1000, -1)
"""


class RedisStore:
    """A ``Store`` on the server at ``memory.url``, or on ``server``."""

    def __init__(self, settings: Settings, show: str, embedded: EmbeddedValkey | None = None) -> None:
        """``show`` tells it from others on the same server."""
        users = f"{CLIENTS}show-{sha256(show.encode()).hexdigest()[:12]}-"
        self._server = Server(settings.memory.url, embedded, users)
        self._redis: Redis | RedisCluster | None = None
        prefix = f"banban:{{{show}}}:pending"
        self._types = {f"{prefix}{end}": kind for end, kind in TYPES.items()}
        self._keys = list(self._types)
        self._alone = asyncio.Lock()
        """Each write knows what the one before has written."""
        self._count = 0
        self._written = ""
        """The digest of what ``…:written`` should hold."""

    @property
    def place(self) -> str:
        return self._server.place

    async def claim(self) -> None:
        try:
            await self._server.connect()
            with clock.outside():
                if await self._server.others(self._keys[0], ALIVE_SECONDS):
                    raise TakenError(
                        "this show is on air already, by another program on the same server",
                        where=self.place,
                        hint="end that one; or, if this is to be another show, set show.name",
                    )
        except RecallError as error:
            raise PendingError(error.what, where=error.where, hint=error.hint) from None
        except FAILURES as failure:
            raise self._trouble(failure) from None

    async def open(self) -> list[Change]:
        try:
            self._redis = await self._server.connect()
            with clock.outside():
                async with self._alone:
                    await self._make_room(self._redis)
                    return await self._read()
        except RecallError as error:
            raise PendingError(error.what, where=error.where, hint=error.hint) from None
        except FAILURES as failure:
            raise self._trouble(failure) from None

    async def write(self, changes: Sequence[Change]) -> None:
        try:
            with clock.outside():
                async with self._alone:
                    for begin in range(0, max(1, len(changes)), BUNDLE):
                        await self._write(changes[begin : begin + BUNDLE])
        except FAILURES as failure:
            raise self._trouble(failure) from None

    async def close(self) -> None:
        await self._server.close()

    async def _write(self, changes: Sequence[Change]) -> None:
        packed = json.dumps([*map(_packed, changes)])
        self._count += 1
        following = f"{self._server.name} {self._count}"
        bounds = (SETTLED, DELETIONS, HIGHEST)
        self._written = await self._run(_WRITE, packed, GROUP, CONSUMER, *bounds, self._written, following)

    async def _run(self, script: str, *arguments: str | int) -> Any:
        assert self._redis is not None  # noqa: S101  # it is opened first
        return await self._redis.eval(script, len(self._keys), *self._keys, *arguments)

    async def _make_room(self, redis: Redis | RedisCluster) -> None:
        """Renames what is no key of ours, though it has the name of one; makes the stream and its group."""
        for key, wanted in self._types.items():
            kind = await redis.type(key)
            if kind not in (wanted, "none"):
                aside = f"{key}:foreign-{time.time_ns()}"
                await redis.rename(key, aside)
                log.warning(
                    "%s, %s, is somebody else's %s; it is called %s now", key, self.place, kind, aside
                )
        try:
            await redis.xgroup_create(self._keys[0], GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    async def _read(self) -> list[Change]:
        entries, begun, settled, deleted, state, self._written = await self._run(_READ)
        changes: list[Change] = []
        foreign: list[str] = []
        for identity, fields in entries:
            stored = dict(zip(fields[::2], fields[1::2], strict=False))
            try:
                changes.append(_added(stored.get("change", "")))
            except ValueError:
                foreign += [identity, json.dumps(stored)]
        for line in [*begun, *deleted, *filter(None, [state])]:
            try:
                changes.append(load(line))
            except ValueError:
                log.debug("not a change of ours: %s", escaped(line[:200]))
        for key, number in zip(settled[::2], settled[1::2], strict=True):
            changes.append(Settled(_number(float(number)), key))
        if foreign:
            await self._run(_SET_ASIDE, *foreign)
            log.warning(
                "%d entries among the pending events %s cannot be read; they are in %s now",
                len(foreign) // 2,
                self.place,
                self._keys[-1],
            )
        return changes

    def _trouble(self, failure: Exception) -> PendingError:
        what, hint = self._server.explained(failure)
        return PendingError(f"the server {what} ({self.place})", hint=hint)


def _added(line: str) -> Added:
    """Of an entry in the stream. Raises ValueError."""
    change = load(line)
    if not isinstance(change, Added):
        raise ValueError("not an event that waits")  # noqa: TRY004  # as for all that cannot be read
    return change


def _number(score: float) -> int:
    """Of a change; 0 where it cannot be ours."""
    return int(score) if 0 <= score <= HIGHEST else 0


def _packed(change: Change) -> tuple[str, int, str, str]:
    match change:
        case Added(key=key) | Begun(key=key) | Settled(key=key):
            pass
        case Deleted() | Kept():
            key = ""
    return change.do, change.number, key, dump(change)
