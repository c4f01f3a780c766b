import { virtualClock } from "@waybill/testing";
import fc from "fast-check";
import { expect, test } from "vitest";

test("stands still until it is advanced", async () => {
  const clock = virtualClock(1_000);
  expect(clock.now()).toBe(1_000);
  await clock.advance(250);
  expect(clock.now()).toBe(1_250);
});

test("a timer runs at its time, never before it", async () => {
  const clock = virtualClock(0);
  const rung: number[] = [];
  clock.after(100, () => rung.push(clock.now()));
  await clock.advance(99);
  expect(rung).toEqual([]);
  await clock.advance(1);
  expect(rung).toEqual([100]);
  await clock.advance(1_000);
  expect(rung).toEqual([100]);
});

test("timers run in the order of their times, those of one time in the order they were set", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -5, max: 20 }), { maxLength: 12 }), async (delays) => {
      const clock = virtualClock(0);
      const order: number[] = [];
      delays.forEach((ms, index) => clock.after(ms, () => order.push(index)));
      await clock.advance(20);
      const expected = delays.map((ms, index) => ({ at: Math.max(ms, 0), index }));
      expected.sort((a, b) => a.at - b.at || a.index - b.index);
      expect(order).toEqual(expected.map(({ index }) => index));
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test("a timer set by a timer runs in the same advance when it is due", async () => {
  const clock = virtualClock(0);
  const rung: number[] = [];
  const tick = (): void => {
    rung.push(clock.now());
    clock.after(10, tick);
  };
  clock.after(10, tick);
  await clock.advance(35);
  expect(rung).toEqual([10, 20, 30]);
  expect(clock.now()).toBe(35);
});

test("what a timer sets off, microtasks and immediates, is done before the next timer", async () => {
  const clock = virtualClock(0);
  const log: string[] = [];
  clock.after(1, () => {
    void Promise.resolve().then(() => log.push("microtask"));
    setImmediate(() => setImmediate(() => log.push("immediate")));
  });
  clock.after(2, () => log.push("next"));
  await clock.advance(2);
  expect(log).toEqual(["microtask", "immediate", "next"]);
});

test("what was under way before counts: its timers begin at the old time", async () => {
  const clock = virtualClock(0);
  let rungAt: number | undefined;
  setImmediate(() => clock.after(5, () => (rungAt = clock.now())));
  await clock.advance(10);
  expect(rungAt).toBe(5);
});

test("a timer taken back does not run, and taking it back again does nothing", async () => {
  const clock = virtualClock(0);
  const rung: string[] = [];
  const cancel = clock.after(5, () => rung.push("a"));
  clock.after(5, () => rung.push("b"));
  cancel();
  cancel();
  await clock.advance(5);
  cancel();
  expect(rung).toEqual(["b"]);
});

test("a timer may take back another of the same time", async () => {
  const clock = virtualClock(0);
  const rung: string[] = [];
  clock.after(5, () => cancel());
  const cancel = clock.after(5, () => rung.push("cancelled"));
  await clock.advance(5);
  expect(rung).toEqual([]);
});

test("Infinity never fires and is not pending; NaN is refused", async () => {
  const clock = virtualClock(0);
  const rung: string[] = [];
  clock.after(Infinity, () => rung.push("never"))();
  expect(clock.pending).toBe(0);
  await clock.advance(1e15);
  expect(rung).toEqual([]);
  expect(() => clock.after(Number.NaN, () => undefined)).toThrow(TypeError);
});

test("what a timer throws rejects advance; the clock goes on afterwards", async () => {
  const clock = virtualClock(0);
  const rung: number[] = [];
  clock.after(5, () => {
    throw new Error("boom");
  });
  clock.after(6, () => rung.push(clock.now()));
  await expect(clock.advance(10)).rejects.toThrow("boom");
  expect(clock.now()).toBe(5);
  await clock.advance(1);
  expect(rung).toEqual([6]);
});

test("two advances at once follow one another", async () => {
  const clock = virtualClock(0);
  const rung: number[] = [];
  clock.after(15, () => rung.push(clock.now()));
  await Promise.all([clock.advance(10), clock.advance(10)]);
  expect(clock.now()).toBe(20);
  expect(rung).toEqual([15]);
});

test("time does not run backwards or forever", async () => {
  const clock = virtualClock(0);
  for (const ms of [-1, Number.NaN, Infinity]) await expect(clock.advance(ms)).rejects.toThrow(TypeError);
  expect(() => virtualClock(Number.NaN)).toThrow(TypeError);
});

test("it can be taken apart", async () => {
  const { now, after, advance } = virtualClock(0);
  const rung: number[] = [];
  after(1, () => rung.push(now()));
  await advance(1);
  expect(rung).toEqual([1]);
});
