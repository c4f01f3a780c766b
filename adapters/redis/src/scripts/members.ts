import type { Script } from "../script.ts";
import { prelude } from "./prelude.ts";

/*
 * A lease is a member's, not a message's: one write keeps all it holds (ACK-3), and taking it from a member is one write too,
 * after which nothing it says has an effect (ACK-4). Its name is its token, made once and never used again.
 */

/** Makes a member. ARGV: base, member, the lease in ms, the name it had before (or none). Answers 0 if the inbox is not there. */
export const join: Script = {
  lua: `${prelude}
local b, me, before = ARGV[1], ARGV[2], ARGV[4]
if redis.call('EXISTS', b .. '/meta') == 0 then return 0 end
if before ~= '' then
  redis.call('ZREM', b .. '/members', before)
  redis.call('SADD', b .. '/fenced', before)
end
begin(b)
redis.call('ZADD', b .. '/members', string.format('%.0f', now() + ARGV[3]), me)
if before ~= '' then ring(b) end
return 1
`,
};

/** Renews a lease. ARGV: base, member, the lease in ms. Answers `ok`, `lost` or `gone`. */
export const renew: Script = {
  lua: `${prelude}
local b, me = ARGV[1], ARGV[2]
if not redis.call('ZSCORE', b .. '/members', me) then
  return redis.call('EXISTS', b .. '/meta') == 1 and 'lost' or 'gone'
end
begin(b)
redis.call('ZADD', b .. '/members', string.format('%.0f', now() + ARGV[3]), me)
return 'ok'
`,
};

/** Ends a member in peace: what it may hold unknowingly is others' at once. ARGV: base, member. */
export const leave: Script = {
  lua: `${prelude}
local b, me = ARGV[1], ARGV[2]
if redis.call('ZREM', b .. '/members', me) == 0 then return 0 end
redis.call('SADD', b .. '/fenced', me)
ring(b)
return 1
`,
};

/**
 * Finds the dead: members whose lease is over, consumers that are no members, and messages that were read and are in nobody's hands
 * since somebody else removed their consumer, which are put back. Where somebody took messages out of an ordered inbox, lets go those
 * that wait for them. ARGV: base, levels, the longest lease believed, cursor.
 * Answers how many of all these it found, and the cursor to go on from.
 */
export const sweep: Script = {
  lua: `${prelude}
local b, levels, cursor = ARGV[1], tonumber(ARGV[2]), ARGV[4]
if redis.call('EXISTS', b .. '/meta') == 0 then return { 0, '-' } end
check(b, true, levels)
begin(b)
local time, found = now(), 0
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', b .. '/members', '-inf', time)) do
  redis.call('ZREM', b .. '/members', dead)
  redis.call('SADD', b .. '/fenced', dead)
end
-- A clock that was set back must not keep the dead alive.
for _, far in ipairs(redis.call('ZRANGEBYSCORE', b .. '/members', string.format('%.0f', time + 2 * ARGV[3]), '+inf')) do
  redis.call('ZADD', b .. '/members', string.format('%.0f', time + ARGV[3]), far)
end
for level = 0, levels - 1 do
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', b .. '/ready' .. level, 'g')) do
    if not redis.call('ZSCORE', b .. '/members', consumer[2]) then redis.call('SADD', b .. '/fenced', consumer[2]) end
  end
end
found = redis.call('SCARD', b .. '/fenced')

local function putBack(ready, entries)
  local held, bytes = {}, 0
  for _, pending in ipairs(redis.call('XPENDING', ready, 'g', entries[1][1], entries[#entries][1], #entries)) do
    held[pending[1]] = true
  end
  for _, entry in ipairs(entries) do
    local _, d = partsOf(entry[2])
    bytes = bytes + #d
    if not held[entry[1]] and #redis.call('XPENDING', ready, 'g', entry[1], entry[1], 1) == 0 then
      moved(ready, ready, entry)
      found = found + 1
    end
  end
  return bytes
end

-- Little pages, since all of one is read before its length is known, and none where all that is there is in hand.
local next = '-'
for level = 0, levels - 1 do
  local ready = b .. '/ready' .. level
  local from, pages, bytes = level == 0 and cursor or '-', 0, 0
  local isMore = redis.call('XLEN', ready) > redis.call('XPENDING', ready, 'g')[1]
  while isMore and pages < 20 and bytes < 1048576 do
    local entries = redis.call('XRANGE', ready, from, lastDelivered(ready), 'COUNT', 10)
    if #entries > 0 then
      bytes = bytes + putBack(ready, entries)
      from = '(' .. entries[#entries][1]
    end
    pages, isMore = pages + 1, #entries == 10
  end
  if level == 0 and isMore then next = from end
end

-- Where nothing is left that could let a key's next message go, somebody has taken out the first.
local function isQuiet()
  for level = 0, levels - 1 do
    local ready = b .. '/ready' .. level
    if redis.call('XLEN', ready) > 0 or redis.call('XPENDING', ready, 'g')[1] > 0 then return false end
  end
  return redis.call('ZCARD', b .. '/due') == 0
end

local function wake(from)
  local first = redis.call('ZRANGEBYLEX', b .. '/index', from, '+', 'LIMIT', 0, 1)[1]
  if not first then return end
  local length, rest = string.match(first, '^(%d+):(.*)$')
  local key = length and string.sub(rest, 1, length)
  if not key or #key < tonumber(length) then redis.call('ZREM', b .. '/index', first)
  else follow(b, key) end
  found = found + 1
  if found < 200 then return wake(key and '(' .. length .. ':' .. key .. ';' or from) end
end

if redis.call('EXISTS', b .. '/busy', b .. '/waiting') > 0 and isQuiet() then
  wake('-')
  if redis.call('EXISTS', b .. '/index') == 0 then
    redis.call('DEL', b .. '/busy')
    for _, entry in ipairs(redis.call('XRANGE', b .. '/waiting', '-', '+', 'COUNT', 200)) do
      moved(b .. '/waiting', b .. '/ready0', entry)
      found = found + 1
    end
  end
end
-- Whoever knew when something falls due may be gone.
local due = redis.call('ZRANGE', b .. '/due', 0, 0, 'WITHSCORES')[2]
if found > 0 or (due and tonumber(due) <= time) then ring(b) end
return { found, next }
`,
};

/** Gives a member messages anew that it has, if it is one: another may have them by now. ARGV: base, member, level, ids. */
export const again: Script = {
  lua: `
local b, me = ARGV[1], ARGV[2]
if not redis.call('ZSCORE', b .. '/members', me) then return {} end
return redis.call('XCLAIM', b .. '/ready' .. ARGV[3], 'g', me, 0, unpack(ARGV, 4))
`,
};
