import fc from "fast-check";
import { expect, test } from "vitest";
import { type Mode, stepOf } from "../../src/proxy/mode.ts";

const waiting = (length: number, dueAt = 0) => ({ bytes: Buffer.alloc(length), dueAt });

test("all passes at once where there is no fault, and nothing through a black hole", () => {
  expect(stepOf({ kind: "pass" }, waiting(9), 0)).toEqual({ bytes: 9, afterMs: undefined });
  expect(stepOf({ kind: "black hole" }, waiting(9), 0)).toBeUndefined();
});

test("a delay lasts until the bytes' own time", () => {
  const mode: Mode = { kind: "delay", ms: 50, jitter: 0 };
  expect(stepOf(mode, waiting(9, 150), 120)).toEqual({ bytes: 9, afterMs: 30 });
  expect(stepOf(mode, waiting(9, 150), 150)).toEqual({ bytes: 9, afterMs: undefined });
});

test("a throttle lets through what its rate allows, never more and never nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: 1e6 }), (bytesPerSecond, length) => {
      const step = stepOf({ kind: "throttle", bytesPerSecond }, waiting(length), 0);
      expect(step?.bytes).toBeGreaterThanOrEqual(1);
      expect(step?.bytes).toBeLessThanOrEqual(length);
      expect(((step?.afterMs ?? 0) * bytesPerSecond) / 1000).toBeCloseTo(step?.bytes ?? 0, 3);
    }),
  );
});
