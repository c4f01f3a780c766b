import type { Claim } from "@waybill/core";
import type { Argument } from "./packet.ts";
import type { Script } from "./script.ts";

/** One call of the store's; `ms` is a lease or a retention. */
export interface ClaimRequest {
  readonly kind: "claim" | "renew" | "complete" | "release";
  readonly key: string;
  readonly owner: string;
  readonly ms: number;
  readonly record: Uint8Array | undefined;
}

/** Ms that a server can add to its clock and still count. */
const longestMs = 1e13;

/**
 * Claims and records, each in a hash of its own: `owner`, and `until` of a claim or `done` and `record` of what was handled.
 * All of it goes by the server's clock. A claim stays a while after its lease, so that its owner can renew and complete it as long as nobody
 * else took it. What has been done is answered as before when its owner asks again, not having heard the answer.
 */
export const claims: Script = {
  lua: `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answers = {}
-- Where memory is full Redis refuses what begins with a write that may take some: what is handled frees it in the end.
redis.call('HDEL', KEYS[1], '')
local function hold(key, owner, ms)
  redis.call('HSET', key, 'owner', owner, 'until', now + ms)
  redis.call('PEXPIRE', key, ms * 3)
end
for index, key in ipairs(KEYS) do
  local kind, owner, ms, record = unpack(ARGV, index * 4 - 3, index * 4)
  local held = redis.call('HMGET', key, 'owner', 'until', 'done', 'record')
  local ours, done = held[1] == owner, held[3]
  local answer = ours and 1 or 0
  if kind == 'claim' then
    local left = held[2] and not ours and held[2] - now or 0
    if done then
      answer = { held[4] }
    elseif left > 0 then
      answer = left
    else
      hold(key, owner, ms)
      answer = 0
    end
  elseif ours and not done then
    if kind == 'renew' then
      hold(key, owner, ms)
    else
      redis.call('DEL', key)
    end
    if kind == 'complete' or kind == 'keep' then
      redis.call('HSET', key, 'owner', owner, 'done', 1)
      if kind == 'keep' then redis.call('HSET', key, 'record', record) end
      redis.call('PEXPIRE', key, ms)
    end
  end
  answers[index] = answer
end
return answers`,
};

/** What the script takes for requests, four arguments each; the keys apart. */
export function argumentsOf(requests: readonly ClaimRequest[]): readonly Argument[] {
  return requests.flatMap(({ kind, owner, ms, record }) => [
    record === undefined ? kind : "keep",
    owner,
    Math.min(Math.ceil(ms), longestMs),
    record ?? "",
  ]);
}

/** What the script answers to `claim`. */
export function claimOf(answer: unknown): Claim {
  if (Array.isArray(answer)) {
    const record: unknown = answer[0];
    return { state: "done", record: Buffer.isBuffer(record) ? new Uint8Array(record) : undefined };
  }
  return answer === 0 ? "claimed" : { state: "busy", leftMs: Number(answer) };
}
