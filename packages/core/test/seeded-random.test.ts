import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../src/seeded-random.ts";

function take(count: number, random: () => number): readonly number[] {
  return Array.from({ length: count }, () => random());
}

test("the same seed gives the same numbers, another seed others", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (seed) => {
      expect(take(20, seededRandom(seed))).toEqual(take(20, seededRandom(seed)));
      expect(take(20, seededRandom(seed))).not.toEqual(take(20, seededRandom(seed + (seed > 0 ? -1 : 1))));
    }),
  );
});

test("every number is at least 0 and below 1", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (seed) => {
      for (const value of take(100, seededRandom(seed))) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(1);
      }
    }),
  );
});

test("the numbers spread evenly over ten buckets", () => {
  const buckets = Array.from({ length: 10 }, () => 0);
  for (const value of take(10_000, seededRandom(1))) {
    const bucket = Math.floor(value * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});

test("the sequence of a seed is fixed for good, so that a seed in a failure report stays useful", () => {
  expect(take(3, seededRandom(42))).toEqual([0.6011037519201636, 0.44829055899754167, 0.8524657934904099]);
});

test("a seed that is no whole number is refused", () => {
  for (const seed of [Number.NaN, 0.5, Infinity]) expect(() => seededRandom(seed)).toThrow(TypeError);
});
