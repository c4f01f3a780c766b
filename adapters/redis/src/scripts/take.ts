import type { Script } from "../script.ts";
import { prelude } from "./prelude.ts";

/**
 * Takes what a member has room for: first what fell due is made ready, then the hands of the dead are emptied, then comes what is
 * new, the highest priority first (PRI-1). Never more than the bytes; what was read beyond them is put back in its place.
 *
 * ARGV: base, member, levels, ordered, count, bytes, alone (1: a single message may be larger), the lease in ms, reads (0: what is
 * new is read by another command), and the bells heard.
 * Answers `lost`, `gone`, or a list: ms until something falls due (-1: nothing is delayed), 1 if there is more that does not fit, then for
 * each message its id, level, how often it was delivered, `m` (nil: it is none of ours, `d` being all there is) and `d`.
 */
export const take: Script = {
  lua: `${prelude}
local b, me, levels, ordered = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1'
local left, room, alone = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7] == '1'
if not redis.call('ZSCORE', b .. '/members', me) then
  return redis.call('EXISTS', b .. '/meta') == 1 and 'lost' or 'gone'
end
check(b, ordered, levels)
begin(b)
local time = now()
redis.call('ZADD', b .. '/members', string.format('%.0f', time + ARGV[8]), me)
if #ARGV > 9 then
  redis.call('XACK', b .. '/bell', 'g', unpack(ARGV, 10))
  redis.call('XDEL', b .. '/bell', unpack(ARGV, 10))
end

local readied = 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', b .. '/due', '-inf', time, 'LIMIT', 0, 200)) do
  if readied > 1048576 then break end
  local entry = redis.pcall('XRANGE', b .. '/later', id, id)[1]
  redis.call('ZREM', b .. '/due', id)
  if entry then
    local f = entry[2]
    local m, d = partsOf(f)
    local level = levelOf(f[6], levels)
    readied = readied + #d
    if f[9] ~= 'h' or f[10] == '1' then moved(b .. '/later', b .. '/ready' .. level, entry)
    else
      redis.call('XDEL', b .. '/later', id)
      enter(b, ordered, level, f[8], m or '', d)
    end
  end
end

local answer = { -1, 0 }
local function add(id, level, deliveries, f)
  local n, m, d = #answer, partsOf(f)
  answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4], answer[n + 5] = id, level, deliveries, m, d
  left, room, alone = left - 1, room - #d, false
end

local function fitting(f)
  local _, d = partsOf(f)
  return alone or #d <= room
end

local function inherit(dead)
  for level = levels - 1, 0, -1 do
    local ready = b .. '/ready' .. level
    for _, pending in ipairs(redis.call('XPENDING', ready, 'g', '-', '+', left, dead)) do
      local id = pending[1]
      local entry = redis.call('XRANGE', ready, id, id)[1]
      if not entry then redis.call('XACK', ready, 'g', id)
      elseif not fitting(entry[2]) then return
      else
        redis.call('XCLAIM', ready, 'g', me, 0, id, 'JUSTID', 'RETRYCOUNT', pending[4] + 1)
        add(id, level, pending[4] + 1, entry[2])
      end
    end
    if left == 0 or #redis.call('XPENDING', ready, 'g', '-', '+', 1, dead) > 0 then return end
  end
  for level = 0, levels - 1 do redis.call('XGROUP', 'DELCONSUMER', b .. '/ready' .. level, 'g', dead) end
  redis.call('XGROUP', 'DELCONSUMER', b .. '/bell', 'g', dead)
  redis.call('SREM', b .. '/fenced', dead)
end

for _, dead in ipairs(redis.call('SMEMBERS', b .. '/fenced')) do
  if left > 0 then inherit(dead) end
end
-- Another may have room for the rest. What did not fit must not ring, or it would call its own reader for ever: the sweep does.
if left == 0 and redis.call('SCARD', b .. '/fenced') > 0 then ring(b) end

-- Digit by digit: the numbers of an id are larger than Lua's are exact.
local function less(number)
  return (string.gsub(number, '([1-9])(0*)$', function(digit, zeros) return digit - 1 .. string.rep('9', #zeros) end))
end

local function before(id)
  local ms, seq = string.match(id, '(%d+)-(%d+)')
  if seq ~= '0' then return ms .. '-' .. less(seq) end
  return less(ms) .. '-18446744073709551615'
end

local function read(level)
  local ready = b .. '/ready' .. level
  local reply = redis.call('XREADGROUP', 'GROUP', 'g', me, 'COUNT', left, 'STREAMS', ready, '>')
  if not reply then return end
  local entries = reply[1][2]
  for i, entry in ipairs(entries) do
    if not fitting(entry[2]) then
      local back = {}
      for j = i, #entries do back[#back + 1] = entries[j][1] end
      redis.call('XACK', ready, 'g', unpack(back))
      redis.call('XGROUP', 'SETID', ready, 'g', before(entry[1]))
      left, answer[2] = 0, 1
      return
    end
    add(entry[1], level, 1, entry[2])
  end
end

for level = levels - 1, 0, -1 do
  if left > 0 and ARGV[9] == '1' then read(level) end
end

local due = redis.call('ZRANGE', b .. '/due', 0, 0, 'WITHSCORES')[2]
if due then answer[1] = math.max(0, math.ceil(due - time)) end
return answer
`,
};
