import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Duration } from "../src/duration.ts";
import { milliseconds, wholeNumber } from "../src/duration.ts";
import { resultOf } from "./support.ts";

const perUnit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const unit = fc.constantFrom(...(Object.keys(perUnit) as (keyof typeof perUnit)[]));

describe("milliseconds", () => {
  test.each<[Duration, number]>([
    [0, 0],
    [250, 250],
    [0.2, 1],
    [Infinity, Infinity],
    ["0s", 0],
    ["250ms", 250],
    ["1.5s", 1_500],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["0.5ms", 1],
    // 16.1 * 1000 is 16100.000000000002
    ["16.1s", 16_100],
  ])("%j is %d ms", (duration, ms) => expect(milliseconds(duration, "delay")).toBe(ms));

  test("a whole number of any unit is exactly that", () => {
    fc.assert(
      fc.property(fc.nat(), unit, (count, of) => {
        expect(milliseconds(`${count}${of}`, "delay")).toBe(count * perUnit[of]);
      }),
    );
  });

  test("tenths of a second and above come out exact", () => {
    fc.assert(
      fc.property(fc.nat(1e9), (tenths) => {
        expect(milliseconds(`${Math.floor(tenths / 10)}.${tenths % 10}s` as Duration, "delay")).toBe(tenths * 100);
      }),
    );
  });

  test.each([
    -1,
    -0.5,
    Number.NaN,
    -Infinity,
    "",
    "5",
    "5 s",
    "5S",
    "-5s",
    "+5s",
    "1e3ms",
    "1.s",
    ".5s",
    "5s5s",
    "1w",
    "Infinitys",
    "NaNms",
    "٥s",
  ])("%j is refused, and the option is named", (duration) => {
    expect(() => milliseconds(duration as Duration, "retry.delay")).toThrow(TypeError);
    expect(() => milliseconds(duration as Duration, "retry.delay")).toThrow(/^retry\.delay is /);
  });

  test.each([null, undefined, true, {}, [], [5], new Date(5), 5n, Symbol("s"), () => 5])(
    "what is no duration is refused",
    (value) => {
      expect(() => milliseconds(value as unknown as Duration, "delay")).toThrow(TypeError);
    },
  );

  test("a long string without a unit is refused in no time", () => {
    expect(() => milliseconds("1".repeat(1_000_000) as Duration, "delay")).toThrow(TypeError);
  });

  test("the result is never negative and never NaN, whatever the string", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double(), fc.stringMatching(/^[\d.]{1,8}(ms|s|m|h|d)$/)), (value) => {
        const result = resultOf(() => milliseconds(value as Duration, "delay"));
        expect("error" in result ? result.error instanceof TypeError : result.value >= 0).toBe(true);
      }),
    );
  });
});

describe("wholeNumber", () => {
  test("gives a whole number that is large enough", () => {
    expect(wholeNumber(1, 1, "concurrency")).toBe(1);
    expect(wholeNumber(1_000, 1, "concurrency")).toBe(1_000);
  });

  test.each([0, -1, 1.5, Number.NaN, Infinity, "3", null, undefined, 3n])(
    "%s is refused, and the option is named",
    (value) => {
      expect(() => wholeNumber(value as number, 1, "concurrency")).toThrow(/^concurrency is .*at least 1$/);
    },
  );
});
