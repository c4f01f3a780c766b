import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers } from "../../expect.ts";
import { outlineOf } from "../../item.ts";
import { every, kills, order } from "../../owed.ts";
import type { Member } from "../../members/member.ts";
import type { Handling } from "../../recorder.ts";

const keyCount = 4;

/** ORD-2 */
export const members: readonly Case[] = casesOf("ORD-2", {
  "": {
    shows: "the order of each key holds while members join, leave and die",
    owed: every(order, kills),
    on: "ordered queue",
    async run(bench) {
      const queue = bench.queue({ ordered: true });
      const of = outlineOf(queue);
      const bus = await bench.connect();
      const spec = { of, concurrency: 4, act: "slow" } as const;
      const first = await bench.member(spec);
      const all = [first];
      const began = (): readonly Handling[] => all.flatMap((member) => member.began);
      const distinct = (): number => new Set(began().map(({ n }) => n)).size;
      const items = range(0, 240).map((n) => ({ n, key: `k${n % keyCount}` }));
      const publishing = bench.later(bus.publishMany(queue, items));
      await bench.eventually("40 begun", distinct, (count) => count >= 40);
      const second = await bench.member(spec);
      all.push(second);
      await bench.eventually("80 begun", distinct, (count) => count >= 80);
      await first.close();
      await bench.eventually("120 begun", distinct, (count) => count >= 120);
      all.push(await bench.member(spec));
      await second.kill();
      await publishing;
      await bench.eventually("all begun", distinct, (count) => count >= 240, bench.leaseBoundMs * 2);
      await bench.drained(bus.inbox(queue));
      const inTime = [...began()].sort((one, other) => one.beganAt - other.beganAt);
      for (const key of range(0, keyCount))
        checkOrder(inTime.filter(({ n }) => n % keyCount === key).map(({ n }) => n));
      checkOverlap(all);
      sameNumbers([...new Set(inTime.map(({ n }) => n))], range(0, 240), "handled");
    },
  },
});

/** Each is the next, or the same again: what was interrupted may be repeated, never overtaken. */
function checkOrder(numbers: readonly number[]): void {
  for (const [index, n] of numbers.entries()) {
    const before = numbers[index - 1] ?? n - keyCount;
    assert(n === before || n === before + keyCount, `${n} came after ${before}, in ${numbers.join(" ")}`);
  }
}

/** None began before the one before it in its key had been handled to the end. */
function checkOverlap(all: readonly Member[]): void {
  const [began, ended] = [new Map<number, number>(), new Map<number, number>()];
  const note = (times: Map<number, number>, n: number, at: number): void =>
    void times.set(n, Math.min(at, times.get(n) ?? Infinity));
  for (const member of all) {
    for (const { n, beganAt } of member.began) note(began, n, beganAt);
    for (const { n, at } of member.ends) note(ended, n, at);
  }
  for (const [n, at] of began) {
    const before = n < keyCount ? -Infinity : (ended.get(n - keyCount) ?? Infinity);
    assert(at >= before - 1, `${n} began ${before - at} ms before the end of ${n - keyCount}`);
  }
}
