import { virtualClock } from "@waybill/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Alarm } from "../src/alarm.ts";

test("rings once at the earliest time it was set to", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -10, max: 100 }), { minLength: 1, maxLength: 8 }), async (times) => {
      const clock = virtualClock(0);
      const rung: number[] = [];
      const alarm = new Alarm(clock, () => rung.push(clock.now()));
      for (const at of times) alarm.set(at);
      expect(clock.pending).toBe(1);
      await clock.advance(200);
      expect(rung).toEqual([Math.max(0, Math.min(...times))]);
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test("can be set again where it rings", async () => {
  const clock = virtualClock(0);
  const rung: number[] = [];
  const alarm = new Alarm(clock, () => {
    rung.push(clock.now());
    alarm.set(clock.now() + 10);
  });
  alarm.set(10);
  await clock.advance(35);
  expect(rung).toEqual([10, 20, 30]);
});

test("never rings for Infinity, nor once it was cleared, and can be set afterwards", async () => {
  const clock = virtualClock(0);
  const rung: number[] = [];
  const alarm = new Alarm(clock, () => rung.push(clock.now()));
  alarm.set(Infinity);
  alarm.set(10);
  alarm.clear();
  alarm.clear();
  expect(clock.pending).toBe(0);
  alarm.set(50);
  await clock.advance(100);
  expect(rung).toEqual([50]);
});
