import type { Script } from "../script.ts";
import { prelude } from "./prelude.ts";

/**
 * How much of an inbox is where, exact (LIF-4). ARGV: base, levels. Answers nil where it is not there; else ready, in flight, delayed,
 * dead, and when the oldest that is ready was published (-1: nothing is).
 */
export const depth: Script = {
  lua: `${prelude}
local b, levels = ARGV[1], tonumber(ARGV[2])
if redis.call('EXISTS', b .. '/meta') == 0 then return false end
local time, oldest = now(), -1
local function see(entry)
  if not entry then return end
  local at = tonumber(string.match(entry[1], '^%d+'))
  local read, meta = pcall(cjson.decode, entry[2][2])
  if read and type(meta) == 'table' and type(meta[9]) == 'number' then at = meta[9] end
  if oldest < 0 or at < oldest then oldest = at end
end
local stored, held = redis.call('XLEN', b .. '/waiting'), 0
see(redis.call('XRANGE', b .. '/waiting', '-', '+', 'COUNT', 1)[1])
for level = 0, levels - 1 do
  local ready = b .. '/ready' .. level
  stored = stored + redis.call('XLEN', ready)
  held = held + redis.call('XPENDING', ready, 'g')[1]
  see(redis.call('XRANGE', ready, '(' .. lastDelivered(ready), '+', 'COUNT', 1)[1])
end
local due = redis.call('ZCOUNT', b .. '/due', '-inf', time)
local delayed = redis.call('ZCARD', b .. '/due') - due
return { stored - held + due, held, delayed, redis.call('XLEN', b .. '/dead'), oldest }
`,
};
