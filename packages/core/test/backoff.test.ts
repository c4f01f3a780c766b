import fc from "fast-check";
import { expect, test } from "vitest";
import { jitteredBackoff } from "../src/backoff.ts";

test("doubles from 50 ms up to 5 s, half of it random, for any number of tries", () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), random, (attempt, value) => {
      const full = Math.min(5_000, 50 * 2 ** (attempt - 1));
      const ms = jitteredBackoff(() => value)(attempt);
      expect(ms).toBeGreaterThanOrEqual(full / 2);
      expect(ms).toBeLessThanOrEqual(full);
    }),
  );
});
