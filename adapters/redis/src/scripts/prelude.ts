/**
 * What the scripts share. A message is an entry of a stream with the fields `m` (everything but the body) and `d` (the body);
 * `b` is the name an inbox's keys begin with.
 *
 * In an ordered inbox a key's first message alone is ready, in hand or delayed; the others wait, and each end of the first lets the
 * next one go (ORD-1, ORD-3). `busy` counts up while a key has messages, so that each has its place; `index` sorts them.
 */
export const prelude = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function lastDelivered(ready)
  local group = redis.call('XINFO', 'GROUPS', ready)[1]
  for i = 1, #group, 2 do if group[i] == 'last-delivered-id' then return group[i + 1] end end
end

local function lane(key)
  return #key .. ':' .. key .. ':'
end

local function enter(b, ordered, level, key, m, d)
  if ordered and key ~= '' then
    local place = redis.call('HINCRBY', b .. '/busy', key, 1)
    if place > 1 then
      local id = redis.call('XADD', b .. '/waiting', '*', 'm', m, 'd', d)
      redis.call('ZADD', b .. '/index', 0, lane(key) .. string.format('%015d', place) .. ':' .. id)
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
  local entry = redis.call('XRANGE', b .. '/waiting', id, id)[1]
  if not entry then return follow(b, key) end
  redis.call('XDEL', b .. '/waiting', id)
  redis.call('XADD', b .. '/ready0', '*', unpack(entry[2]))
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
  if due ~= '' and tonumber(due) > time then later(b, due, level, key, '', m, d)
  else enter(b, ordered, level, key, m, d) end
end
`;
