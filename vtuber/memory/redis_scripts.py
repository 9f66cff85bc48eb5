"""Lua scripts that run inside Redis: one argument stands for thousands, and all of it is done or nothing.

Each is given one key, ``BASE:schema``; all others begin with the same ``BASE:``, so that in a cluster they
are on the same node. A key of ours that holds something else (another program may use the same name) is
left alone, and told: a script that fails in its middle would have done half.
"""

from __future__ import annotations

_BEGIN = """
local base = string.sub(KEYS[1], 1, -7)
local seen, heard_list = base .. 'seen', base .. 'heard'
local kinds = {viewer = 'hash', said = 'list', answered = 'hash', answers = 'list'}
local function key(kind, who) return base .. kind .. ':' .. who end
local function foreign(name, kind)
  local found = redis.call('TYPE', name).ok
  return found ~= 'none' and found ~= kind
end
local function drop(who)
  for kind, holds in pairs(kinds) do
    if not foreign(key(kind, who), holds) then redis.call('UNLINK', key(kind, who)) end
  end
end
"""

WRITE = (
    _BEGIN
    + """
redis.call('ZCARD', seen)
redis.call('LLEN', heard_list)
local keep_viewers, keep_heard = tonumber(ARGV[1]), tonumber(ARGV[2])
local words_kept, answers_kept, at = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local absence, bundle = tonumber(ARGV[6]), cjson.decode(ARGV[7])
local blocked = {}
local function usable(who)
  for kind, holds in pairs(kinds) do
    if foreign(key(kind, who), holds) then
      table.insert(blocked, key(kind, who))
      return false
    end
  end
  return true
end
local function count(viewer, messages)
  local done = redis.pcall('HINCRBY', viewer, 'messages', messages)
  if type(done) == 'table' then redis.call('HSET', viewer, 'messages', messages) end
end
for _, profile in ipairs(bundle.viewers) do
  local who, name, messages, words = unpack(profile)
  if usable(who) then
    local viewer, before = key('viewer', who), redis.call('ZSCORE', seen, who)
    if before and tonumber(at) - tonumber(before) > absence then
      redis.call('HSET', viewer, 'away', tonumber(at) - tonumber(before), 'back', at)
    end
    redis.call('HSET', viewer, 'name', name)
    count(viewer, messages)
    for _, text in ipairs(words) do redis.call('RPUSH', key('said', who), text) end
    redis.call('LTRIM', key('said', who), -words_kept, -1)
    redis.call('ZADD', seen, at, who)
  end
end
for _, answer in ipairs(bundle.answers) do
  local speaker, who, name, heard, whole = unpack(answer)
  if usable(who) then
    redis.call('HSET', key('viewer', who), 'name', name)
    count(key('viewer', who), 0)
    redis.call('HDEL', key('viewer', who), 'away')
    local before = redis.call('HGET', key('answered', who), speaker)
    local read, stored = pcall(cjson.decode, before or '[]')
    local said = {}
    for _, text in ipairs(read and type(stored) == 'table' and stored or {}) do table.insert(said, text) end
    table.insert(said, heard)
    while #said > answers_kept do table.remove(said, 1) end
    redis.call('HSET', key('answered', who), speaker, cjson.encode(said))
    redis.call('ZADD', seen, at, who)
  end
  redis.call('RPUSH', heard_list, whole)
end
redis.call('LTRIM', heard_list, -keep_heard, -1)
local over = redis.call('ZCARD', seen) - keep_viewers
if over > 0 then
  local oldest = redis.call('ZPOPMIN', seen, math.min(over, 1000))
  for i = 1, #oldest, 2 do drop(oldest[i]) end
end
return blocked
"""
)

REMOVE = (
    _BEGIN
    + """
local purge = cjson.decode(ARGV[1])
for _, who in ipairs(purge.people) do
  drop(who)
  redis.call('ZREM', seen, who)
end
for _, pair in ipairs(purge.words) do redis.pcall('LREM', key('said', pair[1]), 0, pair[2]) end
for _, pair in ipairs(purge.answers) do
  local answered = key('answered', pair[1])
  local stored = redis.pcall('HGETALL', answered)
  for i = 1, #stored, 2 do
    local left = {}
    local read, said = pcall(cjson.decode, stored[i + 1])
    for _, heard in ipairs(read and type(said) == 'table' and said or {}) do
      if heard ~= pair[2] then table.insert(left, heard) end
    end
    if #left == 0 then redis.call('HDEL', answered, stored[i])
    else redis.call('HSET', answered, stored[i], cjson.encode(left)) end
  end
  redis.pcall('LREM', key('answers', pair[1]), 0, pair[2])
end
"""
)

# A piece of what was heard, counted back from the newest: what others add meanwhile is only looked at again.
# Entries are blanked first and removed together, for each removal walks through the whole list.
REMOVE_HEARD = (
    _BEGIN
    + """
local purge, behind = cjson.decode(ARGV[1]), tonumber(ARGV[2])
local people, answers = {}, {}
for _, who in ipairs(purge.people) do people[who] = true end
for _, pair in ipairs(purge.answers) do answers[pair[1] .. ' ' .. pair[2]] = true end
local lines = redis.call('LRANGE', heard_list, -behind - tonumber(ARGV[3]), -behind - 1)
local removed = 0
for i, line in ipairs(lines) do
  local read, entry = pcall(cjson.decode, line)
  local known = read and type(entry) == 'table'
  local who, heard = tostring(known and entry.who), tostring(known and entry.heard)
  if people[who] or answers[who .. ' ' .. heard] then
    redis.call('LSET', heard_list, i - #lines - 1 - behind, '')
    removed = removed + 1
  end
end
if removed > 0 then redis.call('LREM', heard_list, 0, '') end
return {#lines, removed}
"""
)

NAMED = (
    _BEGIN
    + """
local wanted = cjson.decode(ARGV[1])
local scanned = redis.call('ZSCAN', seen, ARGV[2], 'COUNT', ARGV[3])
local found = {scanned[1]}
for i = 1, #scanned[2], 2 do
  local who = scanned[2][i]
  local name = redis.pcall('HGET', key('viewer', who), 'name')
  if type(name) == 'string' and wanted[string.lower(name)] then
    table.insert(found, who)
    table.insert(found, name)
  end
end
return found
"""
)

LOAD = (
    _BEGIN
    + """
for _, one in ipairs(cjson.decode(ARGV[1])) do
  local who, viewer = one.who, key('viewer', one.who)
  drop(who)
  redis.call('HSET', viewer, 'name', one.name, 'messages', one.messages)
  if one.away then redis.call('HSET', viewer, 'away', one.away) end
  if one.back then redis.call('HSET', viewer, 'back', one.back) end
  for _, text in ipairs(one.said) do redis.call('RPUSH', key('said', who), text) end
  for speaker, list in pairs(one.answered) do redis.call('HSET', key('answered', who), speaker, list) end
  redis.call('ZADD', seen, one.seen, who)
end
for _, whole in ipairs(cjson.decode(ARGV[2])) do redis.call('RPUSH', heard_list, whole) end
"""
)

CLEAR = (
    _BEGIN
    + """
local oldest = redis.call('ZPOPMIN', seen, ARGV[1])
for i = 1, #oldest, 2 do drop(oldest[i]) end
if #oldest == 0 then redis.call('UNLINK', heard_list) end
return #oldest
"""
)
