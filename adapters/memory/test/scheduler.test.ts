import { expect, test } from "vitest";
import { ack, ids, inbox, member, place, source, transport, wire } from "./support.ts";

const group = inbox("t", "g");

/** How two members share eight messages that come in pairs, on a broker of this URL. */
async function shares(url: string): Promise<readonly (readonly string[])[]> {
  const { clock, transport: memory } = await transport({}, url);
  await memory.declare([source("t"), place(group)]);
  const members = [await member(memory, group), await member(memory, group)];
  for (let n = 0; n < 16; n += 4) {
    await memory.send(
      source("t"),
      [n, n + 1, n + 2, n + 3].map((number) => wire(`m${number}`)),
    );
    await clock.flush();
  }
  return members.map(({ got }) => ids(got));
}

test("without a seed members take turns, each filling its window", async () => {
  const [one, other] = await shares("memory:turns");
  expect([one?.length, other?.length]).toEqual([8, 8]);
});

test("a seed stands for one way to share, another seed for another", async () => {
  const first = await shares("memory:seeded-1?seed=1");
  expect(await shares("memory:seeded-2?seed=1")).toEqual(first);
  const others = await Promise.all([2, 3, 4, 5].map((seed) => shares(`memory:seeded-${seed + 1}?seed=${seed}`)));
  expect(others.some((shared) => JSON.stringify(shared) !== JSON.stringify(first))).toBe(true);
  for (const shared of [first, ...others]) expect(new Set(shared.flat()).size).toBe(16);
});

test("nobody gets more than its window, nor anything while that is 0, and it goes on once there is room", async () => {
  const { clock, transport: memory } = await transport();
  await memory.declare([source("t"), place(group)]);
  const { receiver, got } = await member(memory, group, { window: 2 });
  await memory.send(
    source("t"),
    ["a", "b", "c"].map((id) => wire(id)),
  );
  await clock.flush();
  expect(ids(got)).toEqual(["a", "b"]);
  receiver.resize({ window: 0, bytes: Infinity, settle: "after" });
  await receiver.settle(got.map(ack));
  await clock.flush();
  expect(ids(got)).toEqual(["a", "b"]);
  receiver.resize({ window: 1, bytes: Infinity, settle: "after" });
  await clock.flush();
  expect(ids(got)).toEqual(["a", "b", "c"]);
});
