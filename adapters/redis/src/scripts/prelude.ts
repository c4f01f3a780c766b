/**
 * What the scripts share. A message is an entry of a stream with the fields `m` (everything but the body) and `d` (the body);
 * `b` is the name an inbox's keys begin with.
 *
 * In an ordered inbox a key's first message alone is ready, in hand or delayed; the others wait, and each end of the first lets the
 * next one go (ORD-1, ORD-3). `busy` counts up while a key has messages, so that each has its place; `index` sorts them, and the
 * field `i` says where in it an entry is.
 *
 * A script that fails half-way keeps its first half, and what somebody else wrote under our names may be anything: `check` fails before
 * anything is changed, and what is read is never taken for granted.
 */
export const prelude = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Where memory is full Redis refuses what begins with a write that may take some: what frees it in the end begins with another.
local function begin(b)
  redis.call('SREM', b .. '/fenced', '')
end

-- Fails where a key has a value of another type.
local function check(b, ordered, levels)
  for level = 0, levels - 1 do redis.call('XLEN', b .. '/ready' .. level) end
  redis.call('XLEN', b .. '/bell')
  redis.call('XLEN', b .. '/later')
  redis.call('ZCARD', b .. '/due')
  if not ordered then return end
  redis.call('XLEN', b .. '/waiting')
  redis.call('ZCARD', b .. '/index')
  redis.call('HLEN', b .. '/busy')
end

-- A priority as a level that there is.
local function levelOf(priority, levels)
  return math.min(string.match(priority or '', '^%d+$') or 0, levels - 1)
end

-- An entry's m (false: it is none of ours) and d; another's has a body all the same: its field d, or else its first value.
local function partsOf(f)
  if f[1] == 'm' and f[3] == 'd' then return f[2], f[4] end
  for i = 1, #f - 1, 2 do if f[i] == 'd' then return false, f[i + 1] end end
  return false, f[2]
end

local function moved(from, to, entry)
  local m, d = partsOf(entry[2])
  redis.call('XDEL', from, entry[1])
  redis.call('XADD', to, '*', 'm', m or '', 'd', d)
end

local function lastDelivered(ready)
  local group = redis.call('XINFO', 'GROUPS', ready)[1]
  for i = 1, group and #group or 0, 2 do if group[i] == 'last-delivered-id' then return group[i + 1] end end
end

local function lane(key)
  return #key .. ':' .. key .. ':'
end

local function enter(b, ordered, level, key, m, d)
  if ordered and key ~= '' then
    local place = redis.pcall('HINCRBY', b .. '/busy', key, 1)
    if type(place) == 'table' then
      redis.call('HSET', b .. '/busy', key, 1)
    elseif place > 1 then
      local at = lane(key) .. string.format('%015d', place) .. ':'
      local id = redis.call('XADD', b .. '/waiting', '*', 'm', m, 'd', d, 'i', at)
      redis.call('ZADD', b .. '/index', 0, at .. id)
      return
    end
  end
  redis.call('XADD', b .. '/ready' .. level, '*', 'm', m, 'd', d)
end

local function follow(b, key)
  if key == '' then return end
  local from = #key .. ':' .. key
  local first = redis.call('ZRANGEBYLEX', b .. '/index', '[' .. from .. ':', '(' .. from .. ';', 'LIMIT', 0, 1)[1]
  if not first then
    redis.call('HDEL', b .. '/busy', key)
    return
  end
  redis.call('ZREM', b .. '/index', first)
  local id = string.match(first, '[^:]*$')
  local entry = redis.pcall('XRANGE', b .. '/waiting', id, id)[1]
  if not entry then return follow(b, key) end
  moved(b .. '/waiting', b .. '/ready0', entry)
end

local function ring(b)
  redis.call('XADD', b .. '/bell', 'MAXLEN', 1, '*', 'b', '1')
end

local function later(b, due, level, key, holds, m, d)
  local first = redis.call('ZRANGE', b .. '/due', 0, 0, 'WITHSCORES')[2]
  local id = redis.call('XADD', b .. '/later', '*', 'm', m, 'd', d, 'p', level, 'k', key, 'h', holds)
  redis.call('ZADD', b .. '/due', due, id)
  if not first or tonumber(due) < tonumber(first) then ring(b) end
end

local function store(b, ordered, time, level, key, due, m, d)
  if (tonumber(due) or 0) > time then later(b, due, level, key, '', m, d)
  else enter(b, ordered, level, key, m, d) end
end
`;
