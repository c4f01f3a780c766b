import fc from "fast-check";
import { expect, test } from "vitest";
import { park, parked, parkedRetry } from "../src/parking.ts";
import { delivery } from "./support.ts";

const at = (time: number) => ({ now: () => time });

test("what the carrier can keep by itself is left to it", () => {
  expect(park(900, 0, 900)).toEqual({ deliverAt: 900, headers: undefined });
  expect(parked(delivery("1"), at(5), 900)).toBeUndefined();
});

test("whoever gets it puts it back as long as the carrier can keep it, until it is due: never early, never late", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 3_000 }), (delay, maxDelay) => {
      let { deliverAt: time, headers = {} } = park(delay, 0, maxDelay);
      for (let rounds = 0; rounds <= delay / maxDelay + 1; rounds += 1) {
        const back = parked(delivery("1", { headers }), at(time), maxDelay);
        if (back === undefined) break;
        if (back.outcome !== "retry") throw new Error(back.outcome);
        expect(back).toMatchObject({ failed: false, note: {} });
        expect(back.delayMs).toBeLessThanOrEqual(maxDelay);
        time += back.delayMs;
      }
      expect(time).toBe(delay);
    }),
  );
});

test("a retry beyond it is parked as well, and keeps its note", () => {
  const retry = {
    delivery: delivery("1"),
    outcome: "retry",
    delayMs: 2_000,
    failed: true,
    note: { why: "x" },
  } as const;
  expect(parkedRetry(retry, 100, 900)).toEqual({ ...retry, delayMs: 900, note: { why: "x", "waybill-due": "2100" } });
  expect(parkedRetry(retry, 100, 2_000)).toBe(retry);
  const dead = { delivery: delivery("1"), outcome: "dead", note: {} } as const;
  expect(parkedRetry(dead, 100, 1)).toBe(dead);
});

test("what a foreign hand wrote there is no reason to wait", () => {
  for (const due of ["", "soon", "NaN", "-1", "1e300", "Infinity"]) {
    expect(parked(delivery("1", { headers: { "waybill-due": due } }), at(5), 900)).toBeUndefined();
  }
});
