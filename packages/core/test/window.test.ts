import fc from "fast-check";
import { expect, test } from "vitest";
import { Window } from "../src/window.ts";

test("begins at the concurrency", () => expect(new Window(7, 0).size).toBe(7));

test("doubles while a window's worth is settled within 50 ms, up to a thousand", () => {
  const window = new Window(10, 0);
  const sizes: number[] = [];
  for (let now = 10; sizes.length < 9; now += 10) {
    window.settled(window.size, now);
    sizes.push(window.size);
  }
  expect(sizes).toEqual([20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000]);
});

test("says when its size has changed, and counts parts of a window", () => {
  const window = new Window(10, 0);
  expect(window.settled(9, 10)).toBe(false);
  expect(window.settled(1, 20)).toBe(true);
  expect(window.settled(20, 200)).toBe(false);
  expect(window.size).toBe(20);
});

test("halves when a window's worth takes over half a second, not below the concurrency", () => {
  const window = new Window(10, 0);
  window.settled(10, 10);
  window.settled(20, 20);
  expect(window.size).toBe(40);
  window.settled(40, 1_020);
  expect(window.size).toBe(20);
  window.settled(20, 2_020);
  window.settled(10, 3_020);
  expect(window.size).toBe(10);
});

test("stays between the concurrency and a thousand, a larger concurrency as it is", () => {
  const steps = fc.array(fc.tuple(fc.nat(2_000), fc.nat(1_000)), { maxLength: 40 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), steps, (concurrency, all) => {
      const window = new Window(concurrency, 0);
      let now = 0;
      for (const [count, ms] of all) {
        const before = window.size;
        expect(window.settled(count, (now += ms))).toBe(window.size !== before);
        expect(window.size).toBeGreaterThanOrEqual(concurrency);
        expect(window.size).toBeLessThanOrEqual(Math.max(1_000, concurrency));
      }
    }),
  );
});
