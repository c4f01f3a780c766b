import { assert, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { levelCount, levelHeader, levelMs, maxDelayMs, stepsFor } from "../src/delay.ts";

/** How long the levels hold a message together. */
function heldMs(delayMs: number): number {
  const { level, steps = {} } = stepsFor(delayMs, "queue");
  let ms = 0;
  for (let each = 0; each < levelCount; each += 1) {
    const bit = steps[levelHeader(each)];
    expect(bit !== undefined).toBe(each <= level);
    if (bit === "1") ms += levelMs(each);
  }
  expect(steps[levelHeader(level)]).toBe("1");
  return ms;
}

test("the levels that a message passes hold it as long as it is delayed, never less, and one unit more at most", () => {
  assert(
    property(integer({ min: 1, max: maxDelayMs }), (delayMs) => {
      const ms = heldMs(delayMs);
      expect(ms).toBeGreaterThanOrEqual(delayMs);
      expect(ms - delayMs).toBeLessThan(levelMs(0));
    }),
  );
  expect(heldMs(0.01)).toBe(levelMs(0));
});
