import fc from "fast-check";
import { expect, test } from "vitest";
import { Window } from "../src/window.ts";

/** Handles `count` messages in `ms` of handlers' time, then fits. */
function work(window: Window, count: number, span: { readonly from: number; readonly ms: number }): boolean {
  window.busy(span.from);
  for (let done = 0; done < count; done += 1) window.handled();
  window.idle(span.from + span.ms);
  return window.fit(span.from + span.ms);
}

test("begins at the concurrency", () => expect(new Window(7).size).toBe(7));

test("at most doubles, up to a thousand, while handlers take no time", () => {
  const window = new Window(10);
  const sizes: number[] = [];
  while (sizes.length < 10) {
    work(window, window.size, { from: 0, ms: 0 });
    sizes.push(window.size);
  }
  expect(sizes.slice(0, 4)).toEqual([20, 40, 80, 160]);
  expect(sizes.at(-1)).toBe(1_000);
});

test("holds what is handled in a tenth of a second beside the concurrency", () => {
  const window = new Window(10);
  work(window, 20, { from: 0, ms: 200 });
  expect(window.size).toBe(20);
  work(window, 20, { from: 1_000, ms: 2_000 });
  expect(window.size).toBe(11);
});

test("does not count the time in which no handler runs, such as a slow carrier's", () => {
  const window = new Window(50);
  for (let round = 0; round < 4; round += 1) work(window, window.size, { from: round * 60_000, ms: 1 });
  expect(window.size).toBe(800);
});

test("waits for a window's worth or a tenth of a second", () => {
  const window = new Window(10);
  expect(work(window, 9, { from: 0, ms: 10 })).toBe(false);
  expect(work(window, 1, { from: 100, ms: 0 })).toBe(true);
});

test("counts the time of handlers that still run", () => {
  const window = new Window(10);
  window.busy(0);
  for (let done = 0; done < 10; done += 1) window.handled();
  expect(window.fit(1_000)).toBe(true);
  expect(window.size).toBe(11);
});

test("stays between the concurrency and a thousand, a larger concurrency as it is", () => {
  const steps = fc.array(fc.tuple(fc.nat(2_000), fc.nat(1_000)), { maxLength: 40 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), steps, (concurrency, all) => {
      const window = new Window(concurrency);
      let from = 0;
      for (const [count, ms] of all) {
        const before = window.size;
        expect(work(window, count, { from, ms })).toBe(window.size !== before);
        from += ms;
        expect(window.size).toBeGreaterThanOrEqual(concurrency);
        expect(window.size).toBeLessThanOrEqual(Math.max(1_000, concurrency));
      }
    }),
  );
});

test("narrowed it is one, then twice as many each time, up to what it would be", () => {
  const window = new Window(5);
  window.narrow();
  const sizes = [window.size];
  while (window.widen()) sizes.push(window.size);
  expect(sizes).toEqual([1, 2, 4, 5]);
});
