"""What is stored in Redis (or Valkey), and how it is written, read and removed.

All keys begin with ``banban:``. WHO is ``profile.key_of``; all text is plain UTF-8.

- ``banban:schema``: the version of this list
- ``banban:seen``: sorted set of WHO by when they were last heard (seconds since 1970); it bounds the rest
- ``banban:viewer:WHO``: hash of name and messages (their count); of those who have come back also back
  (when) and, until they are answered, away (after how many seconds)
- ``banban:said:WHO``: list of their last messages, oldest first
- ``banban:answered:WHO``: hash of what each speaker last said to them, as JSON lists, oldest first
- ``banban:answers:WHO``: the same by an earlier version, which did not note the speaker: only ever removed
- ``banban:heard``: list of all that was heard, as JSON (at, speaker, who, name, said, heard), oldest first
"""

from __future__ import annotations

import json
import time
from typing import Any

from redis.asyncio import Redis

from vtuber.config import Memory as MemorySettings
from vtuber.core import clock
from vtuber.core.events import Batch
from vtuber.core.text import NAME_LIMIT, clean_name
from vtuber.memory.profile import ANSWERS_KEPT, WORDS_KEPT, Bundle, Profile, called, key_of, lead_key
from vtuber.memory.purge import Purge

SCHEMA = "1"
CLIENTS = "banban-"
"""How the names of a show's connections to the server begin."""
ABSENCE = 6 * 3600.0
"""Seconds without a word after which somebody who writes has come back."""
LATELY = 1800.0
"""For so many seconds they have come back lately."""
NEWCOMER = 2
"""Who has written no more than so many messages, and never was away, is new."""
PIECE = 1_000
"""So many entries of a long list are looked at in one go: a few milliseconds of the server's time."""

# Scripts, so that one argument stands for thousands, and all of it is done or nothing.

_WRITE = """
local keep_viewers, keep_heard = tonumber(ARGV[1]), tonumber(ARGV[2])
local words_kept, answers_kept, at = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local absence, bundle = tonumber(ARGV[6]), cjson.decode(ARGV[7])
for _, profile in ipairs(bundle.viewers) do
  local who, name, messages, words = unpack(profile)
  local viewer, seen = 'banban:viewer:' .. who, redis.call('ZSCORE', 'banban:seen', who)
  if seen and tonumber(at) - tonumber(seen) > absence then
    redis.call('HSET', viewer, 'away', tonumber(at) - tonumber(seen), 'back', at)
  end
  redis.call('HSET', viewer, 'name', name)
  redis.call('HINCRBY', viewer, 'messages', messages)
  for _, text in ipairs(words) do redis.call('RPUSH', 'banban:said:' .. who, text) end
  redis.call('LTRIM', 'banban:said:' .. who, -words_kept, -1)
  redis.call('ZADD', 'banban:seen', at, who)
end
for _, answer in ipairs(bundle.answers) do
  local speaker, who, name, heard, whole = unpack(answer)
  redis.call('HSET', 'banban:viewer:' .. who, 'name', name)
  redis.call('HINCRBY', 'banban:viewer:' .. who, 'messages', 0)
  redis.call('HDEL', 'banban:viewer:' .. who, 'away')
  local before = redis.call('HGET', 'banban:answered:' .. who, speaker)
  local read, said = pcall(cjson.decode, before or '[]')
  if not read then said = {} end
  table.insert(said, heard)
  while #said > answers_kept do table.remove(said, 1) end
  redis.call('HSET', 'banban:answered:' .. who, speaker, cjson.encode(said))
  redis.call('RPUSH', 'banban:heard', whole)
  redis.call('ZADD', 'banban:seen', at, who)
end
redis.call('LTRIM', 'banban:heard', -keep_heard, -1)
local over = redis.call('ZCARD', 'banban:seen') - keep_viewers
if over > 0 then
  local oldest = redis.call('ZPOPMIN', 'banban:seen', math.min(over, 1000))
  for i = 1, #oldest, 2 do
    local who = oldest[i]
    redis.call('UNLINK', 'banban:viewer:' .. who, 'banban:said:' .. who)
    redis.call('UNLINK', 'banban:answered:' .. who, 'banban:answers:' .. who)
  end
end
"""

_REMOVE = """
local purge = cjson.decode(ARGV[1])
for _, who in ipairs(purge.people) do
  redis.call('UNLINK', 'banban:viewer:' .. who, 'banban:said:' .. who)
  redis.call('UNLINK', 'banban:answered:' .. who, 'banban:answers:' .. who)
  redis.call('ZREM', 'banban:seen', who)
end
for _, pair in ipairs(purge.words) do redis.call('LREM', 'banban:said:' .. pair[1], 0, pair[2]) end
for _, pair in ipairs(purge.answers) do
  local key = 'banban:answered:' .. pair[1]
  local stored = redis.call('HGETALL', key)
  for i = 1, #stored, 2 do
    local left = {}
    local read, said = pcall(cjson.decode, stored[i + 1])
    for _, heard in ipairs(read and said or {}) do
      if heard ~= pair[2] then table.insert(left, heard) end
    end
    if #left == 0 then redis.call('HDEL', key, stored[i])
    else redis.call('HSET', key, stored[i], cjson.encode(left)) end
  end
  redis.call('LREM', 'banban:answers:' .. pair[1], 0, pair[2])
end
"""

# A piece of what was heard, counted back from the newest: what others add meanwhile is only looked at again.
# Entries are blanked first and removed together, for each removal walks through the whole list.
_REMOVE_HEARD = """
local purge, behind = cjson.decode(ARGV[1]), tonumber(ARGV[2])
local people, answers = {}, {}
for _, who in ipairs(purge.people) do people[who] = true end
for _, pair in ipairs(purge.answers) do answers[pair[1] .. ' ' .. pair[2]] = true end
local lines = redis.call('LRANGE', 'banban:heard', -behind - tonumber(ARGV[3]), -behind - 1)
local removed = 0
for i, line in ipairs(lines) do
  local read, entry = pcall(cjson.decode, line)
  local who, heard = tostring(read and entry.who), tostring(read and entry.heard)
  if people[who] or answers[who .. ' ' .. heard] then
    redis.call('LSET', 'banban:heard', i - #lines - 1 - behind, '')
    removed = removed + 1
  end
end
if removed > 0 then redis.call('LREM', 'banban:heard', 0, '') end
return {#lines, removed}
"""

_NAMED = """
local wanted = cjson.decode(ARGV[1])
local scanned = redis.call('ZSCAN', 'banban:seen', ARGV[2], 'COUNT', ARGV[3])
local found = {scanned[1]}
for i = 1, #scanned[2], 2 do
  local who = scanned[2][i]
  local name = redis.call('HGET', 'banban:viewer:' .. who, 'name')
  if name and wanted[string.lower(name)] then
    table.insert(found, who)
    table.insert(found, name)
  end
end
return found
"""


class RedisStore:
    """Each method is one round trip, or a few. They raise what redis-py raises."""

    def __init__(self, redis: Redis, settings: MemorySettings) -> None:
        self._redis = redis
        self._settings = settings

    async def schema(self) -> str:
        """The version of what is stored; ours, when nothing was."""
        ask = self._redis.pipeline(transaction=False)
        ask.setnx("banban:schema", SCHEMA)
        ask.get("banban:schema")
        with clock.outside():
            _, schema = await ask.execute()
        return str(schema)

    async def read(self, batch: Batch) -> tuple[dict[str, Profile], list[str]]:
        """The profiles of the batch's authors by WHO, and what its speaker last said to the lead's author."""
        names = {key_of(event.platform, event.author.id): event.author.name for event in batch.events}
        ask = self._redis.pipeline(transaction=False)
        for key in names:
            ask.hmget(f"banban:viewer:{key}", "name", "messages", "away", "back")
            ask.lrange(f"banban:said:{key}", 0, -1)
            ask.zscore("banban:seen", key)
        ask.zrange("banban:seen", 0, 0, withscores=True)
        ask.hget(f"banban:answered:{lead_key(batch)}", batch.speaker)
        with clock.outside():
            *rows, oldest, answers = await ask.execute()
        now = time.time()
        # On the first evening nobody is new: nobody was known before.
        began = min((seen for _, seen in oldest), default=now)
        stored = {}
        for (key, given), viewer, words, seen in zip(
            names.items(), rows[::3], rows[1::3], rows[2::3], strict=True
        ):
            name, messages, away, back = viewer
            if name is not None:
                profile = Profile(name, int(messages or 0), tuple(words))
                profile.away = _away(now, seen or now, float(away or 0), float(back or 0))
                profile.new = profile.messages <= NEWCOMER and not profile.away and now - began > ABSENCE
                stored[key] = profile
            elif now - began > ABSENCE:
                stored[key] = Profile(given[:NAME_LIMIT], new=True)
        return stored, json.loads(answers or "[]")

    async def write(self, bundle: Bundle) -> None:
        settings = self._settings
        keep = (settings.keep_viewers, settings.keep_heard, WORDS_KEPT, ANSWERS_KEPT)
        await self._run(_WRITE, *keep, f"{time.time():.3f}", int(ABSENCE), _packed(bundle))

    async def named(self, purge: Purge, cursor: str) -> tuple[str, list[str]]:
        """A piece of the search for its names: where to go on ("0" at the end), and WHO was found."""
        wanted = _json({name: True for _, name in purge.names})
        cursor, *found = await self._run(_NAMED, wanted, cursor, PIECE)
        pairs = zip(found[::2], found[1::2], strict=True)
        return cursor, [who for who, name in pairs if purge.whole(who, called(name))]

    async def remove(self, purge: Purge) -> None:
        """From all that is recalled."""
        await self._run(_REMOVE, _listed(purge))

    async def remove_heard(self, purge: Purge, behind: int) -> int | None:
        """From a piece of what was heard, ``behind`` the newest. Returns where to go on; None at the end."""
        looked_at, removed = await self._run(_REMOVE_HEARD, _listed(purge), behind, PIECE)
        return behind + looked_at - removed if looked_at == PIECE else None

    async def _run(self, script: str, *arguments: str | bytes | int) -> Any:
        with clock.outside():
            return await self._redis.eval(script, 0, *arguments)


def _away(now: float, seen: float, away: float, back: float) -> float:
    """How long somebody was away who has come back lately, or comes back now; 0 for anybody else."""
    if now - seen > ABSENCE:
        return now - seen
    return away if now - back < LATELY else 0.0


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _listed(purge: Purge) -> bytes:
    return _json({"people": [*purge.people], "words": [*purge.words], "answers": [*purge.answers]})


def _packed(bundle: Bundle) -> bytes:
    viewers = [(key, clean_name(one.name), one.messages, one.words) for key, one in bundle.viewers.items()]
    answers = []
    for answer in bundle.answers:
        whole = {"at": round(answer.at), "speaker": answer.speaker, "who": answer.key, "name": answer.name}
        whole |= {"said": answer.said, "heard": answer.heard}
        line = json.dumps(whole, ensure_ascii=False)
        answers.append((answer.speaker, answer.key, answer.name, answer.heard, line))
    return _json({"viewers": viewers, "answers": answers})
