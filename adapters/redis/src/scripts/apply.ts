import type { Script } from "../script.ts";
import { prelude } from "./prelude.ts";

/**
 * Everything that stores or settles messages, in one step (EFF-1) and at most once: a call has a number in a slot of its sender's,
 * and is answered as it was the first time when it comes again, because its reply was lost. First all is looked at, then all is
 * done, so that a call that is refused has changed nothing.
 *
 * KEYS: the sender's slots, then every key that is touched.
 * ARGV: slot, number, ms to keep the answer; then sections, one after the other, as `calls.ts` writes them:
 *
 * | section | |
 * |---|---|
 * | `T source version targets (base ordered levels)… retainMs stride count messages…` | to a topic or queue, a copy for each target |
 * | `B base ordered levels must stride count messages…` | to one inbox; where it is gone the call is refused, or (must 0) it is left out |
 * | `S base member ordered operations …` | settles; operations are below |
 *
 * | operation | |
 * |---|---|
 * | `A level count ids…` | handled (unordered) |
 * | `a level id key sections …` | handled: its key's next may go, and what its handler sent is stored |
 * | `r level id key m d due` | again, from `due` on |
 * | `x level id key m d` | dead |
 *
 * A message is `m d`, with a stride of 5 `m d level key due`. Answers `ok` and the numbers of what was not settled, `stale n` (the
 * groups of section n's topic are others by now), `gone n` (its inbox is not there) or `lost` (the member is none any more).
 */
export const apply: Script = {
  lua: `${prelude}
local calls, slot, number = KEYS[1], ARGV[1], tonumber(ARGV[2])
local known = redis.call('HGET', calls, slot)
if known then
  local last, answer = string.match(known, '^(%d+) (.*)$')
  if tonumber(last) == number then
    redis.call('PEXPIRE', calls, ARGV[3])
    return answer
  end
  if tonumber(last) > number then return redis.error_reply('WAYBILL a later call has this slot') end
end

local at, time, nth, lost = 4, now(), 0, {}
local function take()
  at = at + 1
  return ARGV[at - 1]
end

local function fits(b, ordered, levels, stride)
  if stride == 2 then redis.call('XLEN', b .. '/ready0') else check(b, ordered, levels) end
end

local function put(b, ordered, levels, stride, first, count)
  if stride == 2 then
    local ready = b .. '/ready0'
    for i = first, first + 2 * count - 1, 2 do redis.call('XADD', ready, '*', 'm', ARGV[i], 'd', ARGV[i + 1]) end
  else
    for i = first, first + 5 * count - 1, 5 do
      local level = math.min(ARGV[i + 2], levels - 1)
      store(b, ordered, time, level, ARGV[i + 3], ARGV[i + 4], ARGV[i], ARGV[i + 1])
    end
  end
end

local function keep(source, retain, stride, first, count)
  local log = source .. '/log'
  for i = first, first + stride * count - 1, stride do
    if stride == 2 then redis.call('XADD', log, '*', 'm', ARGV[i], 'd', ARGV[i + 1], 'p', '0', 'k', '', 'u', '')
    else redis.call('XADD', log, '*', 'm', ARGV[i], 'd', ARGV[i + 1], 'p', ARGV[i + 2], 'k', ARGV[i + 3], 'u', ARGV[i + 4]) end
  end
  -- Nothing goes that a group has yet to be given.
  if redis.call('HGET', source .. '/meta', 'replaying') ~= '0' then
    redis.call('PERSIST', log)
    return
  end
  redis.call('XTRIM', log, 'MINID', '~', string.format('%.0f', time - retain))
  redis.call('PEXPIRE', log, string.format('%.0f', retain))
end

local function topic(dry)
  local source, version, targets = take(), take(), tonumber(take())
  local bases = at
  at = at + 3 * targets
  local retain, stride, count = tonumber(take()), tonumber(take()), tonumber(take())
  local first = at
  at = at + stride * count
  if dry then
    local meta = redis.call('HMGET', source .. '/meta', 'version', 'wired')
    if meta[1] ~= version or not meta[2] then return 'stale' end
    for i = bases, bases + 3 * targets - 1, 3 do fits(ARGV[i], ARGV[i + 1] == '1', ARGV[i + 2], stride) end
    if retain > 0 then redis.call('XLEN', source .. '/log') end
    return
  end
  for i = bases, bases + 3 * targets - 1, 3 do put(ARGV[i], ARGV[i + 1] == '1', ARGV[i + 2], stride, first, count) end
  if retain > 0 then keep(source, retain, stride, first, count) end
end

local function inbox(dry)
  local b, ordered, levels, must = take(), take() == '1', take(), take() == '1'
  local stride, count = tonumber(take()), tonumber(take())
  local first = at
  at = at + stride * count
  local there = redis.call('EXISTS', b .. '/meta') == 1
  if dry then
    if must and not there then return 'gone' end
    if there then fits(b, ordered, levels, stride) end
  elseif there then put(b, ordered, levels, stride, first, count) end
end

local function send(dry)
  local sections = tonumber(take())
  for _ = 1, sections do
    nth = nth + 1
    local refused = (take() == 'T' and topic or inbox)(dry)
    if refused then return refused .. ' ' .. nth end
  end
end

-- Of a stream that somebody has removed, or made anew, nobody else can have it.
local function isUnknown(ready, id)
  if redis.call('EXISTS', ready) == 0 then return true end
  local last = lastDelivered(ready)
  if not last then return true end
  local ms, seq = string.match(id, '(%d+)-(%d+)')
  local lastMs, lastSeq = string.match(last, '(%d+)-(%d+)')
  if ms == lastMs then return tonumber(seq) > tonumber(lastSeq) end
  return tonumber(ms) > tonumber(lastMs)
end

local function isOurs(b, level, id)
  local ready = b .. '/ready' .. level
  local pending = redis.call('XACK', ready, 'g', id)
  local there = redis.call('XDEL', ready, id)
  return pending + there > 0 or isUnknown(ready, id)
end

local function ack(dry, b)
  local level, count = take(), tonumber(take())
  local first = at
  at = at + count
  local ready = b .. '/ready' .. level
  if dry then
    redis.call('XLEN', ready)
    return
  end
  for i = first, at - 1, 1000 do
    local last = math.min(i + 999, at - 1)
    redis.call('XACK', ready, 'g', unpack(ARGV, i, last))
    redis.call('XDEL', ready, unpack(ARGV, i, last))
  end
end

local checked = false
local function move(dry, b, ordered, op)
  local level, id, key = take(), take(), take()
  if dry then
    redis.call('XLEN', b .. '/ready' .. level)
    if not checked and (ordered or op == 'r') then check(b, ordered, 1) end
    checked = checked or ordered or op == 'r'
    if op == 'a' then return send(true) end
    if op == 'x' then redis.call('XLEN', b .. '/dead') end
    at = at + (op == 'r' and 3 or 2)
    return
  end
  local ours = isOurs(b, level, id)
  if op == 'a' then
    if ours then
      if ordered then follow(b, key) end
      send(false)
    else send(true) end
    return ours
  end
  local m, d, due = take(), take(), op == 'r' and take() or ''
  if not ours then return false end
  if op == 'x' then
    redis.call('XADD', b .. '/dead', '*', 'm', m, 'd', d)
    if ordered then follow(b, key) end
  elseif due ~= '' and tonumber(due) > 0 then later(b, string.format('%.0f', time + tonumber(due)), level, key, '1', m, d)
  else redis.call('XADD', b .. '/ready' .. level, '*', 'm', m, 'd', d) end
  return true
end

local function settle(dry)
  local b, me, ordered, operations = take(), take(), take() == '1', tonumber(take())
  if dry and not redis.call('ZSCORE', b .. '/members', me) then
    return redis.call('EXISTS', b .. '/meta') == 1 and 'lost' or 'gone 0'
  end
  local moves = 0
  lost = {}
  for _ = 1, operations do
    local op = take()
    if op == 'A' then ack(dry, b)
    else
      local ended = move(dry, b, ordered, op)
      if dry and ended then return ended end
      if not dry and not ended then lost[#lost + 1] = moves end
      moves = moves + 1
    end
  end
end

local function all(dry)
  at, nth = 4, 0
  if ARGV[at] == 'S' then
    at = at + 1
    return settle(dry)
  end
  return send(dry)
end

local refused = all(true)
if refused then return refused end
all(false)
local answer = 'ok ' .. table.concat(lost, ' ')
redis.call('HSET', calls, slot, ARGV[2] .. ' ' .. answer)
-- Another's answer may have to be kept for longer.
if redis.call('PTTL', calls) < tonumber(ARGV[3]) then redis.call('PEXPIRE', calls, ARGV[3]) end
return answer
`,
};
