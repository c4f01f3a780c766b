import type { DeadLetter, Duration } from "@waybill/core";
import { connect, queue, timeout } from "@waybill/core";
import { memory } from "@waybill/memory";
import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import { z } from "zod";

const jobs = queue("jobs", { schema: z.string() });
let buses = 0;

test.each([
  ["the bus's where the subscription has none", undefined, "10s", 10_000],
  ["the bus's where that is shorter", "20s", "10s", 10_000],
  ["the subscription's where that is shorter", "5s", "10s", 5_000],
] as const)("a handling ends as failed after %s", async (_, own, common, expected) => {
  const clock = virtualClock();
  const bus = await connect(`memory:timeout-test-${(buses += 1)}`, { clock, adapters: [memory] });
  bus.use(timeout(common));
  const signals: AbortSignal[] = [];
  await bus.work(jobs, { timeout: own, retry: { maxAttempts: 2, delay: "1s" } }, ({ signal }) => {
    signals.push(signal);
    return new Promise(() => undefined);
  });
  await bus.send(jobs, "a");
  await clock.advance(expected - 1);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  await clock.advance(1);
  expect(signals[0]?.reason).toMatchObject({ code: "TIMEOUT" });
  expect(String(signals[0]?.reason)).toContain(`took over ${expected} ms`);
  await clock.advance(1_000 + expected);
  const letters: DeadLetter[] = [];
  for await (const letter of bus.inbox(jobs).deadLetters.list()) letters.push(letter);
  expect(letters).toMatchObject([{ reason: "exhausted", attempts: 2, error: { code: "TIMEOUT" } }]);
  await bus.close();
  expect(clock.pending).toBe(0);
});

test.each([0, Infinity, -1, "soon"])("refuses %s", (duration) => {
  expect(() => timeout(duration as Duration)).toThrow(TypeError);
});
