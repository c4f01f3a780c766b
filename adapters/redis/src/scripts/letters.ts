import type { Script } from "../script.ts";
import { prelude } from "./prelude.ts";

/** Discards and redrives dead letters. ARGV: base, ordered, levels; then `d id` or `r id key level m d` for each. */
export const judge: Script = {
  lua: `${prelude}
local b, ordered, levels, at = ARGV[1], ARGV[2] == '1', tonumber(ARGV[3]), 4
while at <= #ARGV do
  local there = redis.call('XDEL', b .. '/dead', ARGV[at + 1]) == 1
  if ARGV[at] == 'd' then at = at + 2
  else
    if there then enter(b, ordered, math.min(ARGV[at + 3], levels - 1), ARGV[at + 2], ARGV[at + 4], ARGV[at + 5]) end
    at = at + 6
  end
end
return 1
`,
};
