import { expect, test } from "vitest";
import { ageOf, timeOf } from "../src/time.ts";

test.each([
  [0, "0ms"],
  [999, "999ms"],
  [1_000, "1s"],
  [59_999, "59s"],
  [3_600_000, "1h"],
  [200_000_000, "2d"],
  [-5, "0ms"],
])("%i ms ago is %s", (ms, text) => {
  expect(ageOf(1e12, 1e12 + ms)).toBe(text);
});

test("no time is a dash", () => {
  expect([timeOf(undefined), timeOf(Number.NaN), ageOf(undefined, 0), ageOf(Number.NaN, 0)]).toEqual([
    "-",
    "-",
    "-",
    "-",
  ]);
  expect(timeOf(0)).toBe("1970-01-01T00:00:00.000Z");
});
