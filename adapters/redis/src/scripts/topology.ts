import type { Script } from "../script.ts";
import { prelude } from "./prelude.ts";

/** Takes out of a topic's log what it need not keep any more, unless a group has yet to be given it; says who is being moved. */
const replaying = `
local function prune(source)
  if redis.call('HGET', source .. '/meta', 'replaying') ~= '0' then return end
  local retain = cjson.decode(redis.call('HGET', source .. '/meta', 'shape')).retainMs
  if retain == 0 then return end
  redis.call('XTRIM', source .. '/log', 'MINID', string.format('%.0f', now() - retain))
  redis.call('PEXPIRE', source .. '/log', string.format('%.0f', retain))
end

local function move(b)
  redis.call('HSET', b .. '/meta', 'moving', string.format('%.0f', now() + 30000))
end

local function isMoving(b)
  return tonumber(redis.call('HGET', b .. '/meta', 'moving') or 0) > now()
end

local function hold(source)
  prune(source)
  redis.call('HINCRBY', source .. '/meta', 'replaying', 1)
  redis.call('PERSIST', source .. '/log')
end
`;

/** ARGV: source, shape as JSON, verify. Answers the shape that is there (nil: none) and whether all patterns know of it. */
export const declareSource: Script = {
  lua: `
local meta = ARGV[1] .. '/meta'
local there = redis.call('HMGET', meta, 'shape', 'wired')
if there[1] then return { there[1], there[2] and 1 or 0 } end
if ARGV[3] == '1' then return { false, 0 } end
redis.call('HSET', meta, 'shape', ARGV[2], 'version', 1, 'replaying', 0)
return { ARGV[2], 0 }
`,
};

/**
 * A topic's groups are a hash by their inboxes' names: their state is whether they are ordered and how many levels they have, or `replaying`
 * while they get nothing new.
 */

/** All patterns that fit a topic are bound to it: it may be published to. ARGV: source. */
export const wire: Script = {
  lua: `
if redis.call('EXISTS', ARGV[1] .. '/meta') == 0 then return 0 end
return redis.call('HSET', ARGV[1] .. '/meta', 'wired', 1)
`,
};

/**
 * Makes an inbox. ARGV: base, levels, layout as JSON, state, source (empty: a pattern's, bound by `bind`), start (empty: now; else the
 * id in the log behind which it starts), verify. Answers the layout that is there (nil: none), and 1 if it is new; `nosource`.
 */
export const declareInbox: Script = {
  lua: `${prelude}${replaying}
local b, levels, layout, state, source, start = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if source ~= '' and redis.call('EXISTS', source .. '/meta') == 0 then return 'nosource' end
local there = redis.call('HGET', b .. '/meta', 'layout')
if ARGV[7] == '1' or there and there ~= layout then return { there, 0 } end
check(b, true, levels)
-- Some are there where somebody has removed others of its keys, or messages came after that.
for level = 0, levels - 1 do redis.pcall('XGROUP', 'CREATE', b .. '/ready' .. level, 'g', 0, 'MKSTREAM') end
redis.pcall('XGROUP', 'CREATE', b .. '/bell', 'g', 0, 'MKSTREAM')
if there then
  -- Whoever was removing it may have died when it was bound no more, and still there.
  if source ~= '' and redis.call('HEXISTS', source .. '/groups', b) == 0 then
    redis.call('HINCRBY', source .. '/meta', 'version', 1)
    redis.call('HSET', source .. '/groups', b, state)
  end
  return { there, 0 }
end
redis.call('HSET', b .. '/meta', 'layout', layout)
if source ~= '' then
  redis.call('HINCRBY', source .. '/meta', 'version', 1)
  if start == '' then redis.call('HSET', source .. '/groups', b, state)
  else
    redis.call('HSET', source .. '/groups', b, 'replaying')
    redis.call('HSET', b .. '/meta', 'cursor ' .. source, start)
    hold(source)
  end
end
return { layout, 1 }
`,
};

/** Binds a pattern's inbox to a topic. ARGV: source, base, state. Answers 1 if it was not bound. */
export const bind: Script = {
  lua: `
local source, b = ARGV[1], ARGV[2]
if redis.call('EXISTS', source .. '/meta') == 0 or redis.call('HEXISTS', source .. '/groups', b) == 1 then return 0 end
redis.call('HSET', source .. '/groups', b, ARGV[3])
redis.call('HINCRBY', source .. '/meta', 'version', 1)
return 1
`,
};

/** Unbinds an inbox from a topic. ARGV: source, base. */
export const unbind: Script = {
  lua: `
local source, b = ARGV[1], ARGV[2]
if redis.call('HGET', source .. '/groups', b) == 'replaying' then
  redis.call('HINCRBY', source .. '/meta', 'replaying', -1)
end
if redis.call('HDEL', source .. '/groups', b) == 1 then redis.call('HINCRBY', source .. '/meta', 'version', 1) end
return 1
`,
};

/** Where a topic's messages go. ARGV: source. Answers its shape, version and whether it is wired, then its groups. */
export const route: Script = {
  lua: `
local meta = redis.call('HMGET', ARGV[1] .. '/meta', 'shape', 'version', 'wired')
if not meta[1] or not meta[3] then return false end
return { meta[1], meta[2], redis.call('HGETALL', ARGV[1] .. '/groups') }
`,
};

/**
 * Begins a replay: the inbox gets nothing new until it has caught up, and is not filled before it is cleared, or half a minute has
 * passed in which whoever moves it has not been heard of. ARGV: base, source, start. Answers 0 where they are not bound.
 */
export const rewind: Script = {
  lua: `${prelude}${replaying}
local b, source = ARGV[1], ARGV[2]
local bound = redis.call('HGET', source .. '/groups', b)
if not bound then return 0 end
if bound ~= 'replaying' then
  redis.call('HSET', source .. '/groups', b, 'replaying')
  redis.call('HINCRBY', source .. '/meta', 'version', 1)
  hold(source)
end
redis.call('HSET', b .. '/meta', 'cursor ' .. source, ARGV[3])
move(b)
return 1
`,
};

/**
 * Drops a little of what is ready or delayed and in nobody's hands, if it was stored by then. ARGV: base, levels, ordered, the last id
 * (`+`: all). Answers 0 when nothing is left.
 */
export const clear: Script = {
  lua: `${prelude}${replaying}
local b, levels, ordered, upTo = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1', ARGV[4]
if upTo == '+' then
  -- Somebody fills it already, and what was filled in must stay.
  if not isMoving(b) then return 0 end
  move(b)
end
local dropped = redis.call('XRANGE', b .. '/waiting', '-', upTo, 'COUNT', 100)
for _, entry in ipairs(dropped) do
  redis.call('XDEL', b .. '/waiting', entry[1])
  redis.call('ZREM', b .. '/index', (entry[2][6] or '') .. entry[1])
end
if #dropped > 0 then return #dropped end

local function free(m)
  if not ordered then return end
  local read, meta = pcall(cjson.decode, m)
  if read and type(meta) == 'table' and type(meta[3]) == 'string' then follow(b, meta[3]) end
end

local count = 0
for level = 0, levels - 1 do
  local ready = b .. '/ready' .. level
  for _, entry in ipairs(redis.call('XRANGE', ready, '(' .. lastDelivered(ready), upTo, 'COUNT', 100)) do
    redis.call('XDEL', ready, entry[1])
    free(entry[2][2])
    count = count + 1
  end
end
for _, entry in ipairs(redis.call('XRANGE', b .. '/later', '-', upTo, 'COUNT', 100)) do
  redis.call('XDEL', b .. '/later', entry[1])
  redis.call('ZREM', b .. '/due', entry[1])
  if entry[2][10] == '1' then free(entry[2][2]) end
  count = count + 1
end
if count == 0 then redis.call('HDEL', b .. '/meta', 'moving') end
return count
`,
};

/** An ephemeral inbox lives for another lease. KEYS: their register. ARGV: which, the lease in ms. */
export const prolong: Script = {
  lua: `${prelude}
redis.call('ZREM', KEYS[1], '')
return redis.call('ZADD', KEYS[1], string.format('%.0f', now() + ARGV[2]), ARGV[1])
`,
};

/**
 * Who of the ephemeral inboxes is over, to be removed by the caller; who dies of it leaves them to another, a lease later. KEYS: their
 * register. ARGV: the lease in ms.
 */
export const expired: Script = {
  lua: `${prelude}
local time = now()
local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', time, 'LIMIT', 0, 100)
for _, which in ipairs(over) do redis.call('ZADD', KEYS[1], string.format('%.0f', time + ARGV[1]), which) end
return over
`,
};

/**
 * Copies a little of what a topic has kept into an inbox, in its order; the step that finds the end lets the inbox get what is new. ARGV:
 * base, source, state. Answers 0 when it has caught up, or is being moved.
 */
export const fill: Script = {
  lua: `${prelude}${replaying}
local b, source, ordered = ARGV[1], ARGV[2], string.sub(ARGV[3], 1, 1) == '1'
local levels = tonumber(string.match(ARGV[3], '%d+$'))
local cursor = redis.call('HGET', b .. '/meta', 'cursor ' .. source)
if not cursor or isMoving(b) then return 0 end
check(b, ordered, levels)
local time, bytes, pages, isMore = now(), 0, 0, true
-- Little pages, since all of one is read before its length is known.
while isMore and pages < 20 and bytes < 1048576 do
  local entries = redis.call('XRANGE', source .. '/log', '(' .. cursor, '+', 'COUNT', 10)
  for _, entry in ipairs(entries) do
    local f = entry[2]
    local m, d = partsOf(f)
    store(b, ordered, time, levelOf(f[6], levels), f[8] or '', f[10] or '', m or '', d)
    bytes = bytes + #d
    cursor = entry[1]
  end
  pages, isMore = pages + 1, #entries == 10
end
if isMore then
  redis.call('HSET', b .. '/meta', 'cursor ' .. source, cursor)
  return 1
end
redis.call('HDEL', b .. '/meta', 'cursor ' .. source)
if redis.call('HEXISTS', source .. '/groups', b) == 1 then
  redis.call('HSET', source .. '/groups', b, ARGV[3])
  redis.call('HINCRBY', source .. '/meta', 'version', 1)
  redis.call('HINCRBY', source .. '/meta', 'replaying', -1)
  prune(source)
end
return 0
`,
};

/** Makes the streams and groups of an inbox that somebody removed by hand. ARGV: base, levels. Answers how many. */
export const repair: Script = {
  lua: `
local b, levels, made = ARGV[1], tonumber(ARGV[2]), 0
local function make(key)
  local there = redis.call('EXISTS', key) == 1 and #redis.call('XINFO', 'GROUPS', key) > 0
  if there then return end
  redis.call('XGROUP', 'CREATE', key, 'g', 0, 'MKSTREAM')
  made = made + 1
end
for level = 0, levels - 1 do make(b .. '/ready' .. level) end
make(b .. '/bell')
return made
`,
};
