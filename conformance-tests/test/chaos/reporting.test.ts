import { expect, test } from "vitest";
import { lineOf } from "../../src/chaos/reporting.ts";

test("a line tells the time, the rates since the last one, the faults and the depth", () => {
  const before = { published: 100, delivered: 0, handled: 200, strikes: { kill: 1, pause: 0 }, depth: 9 };
  const seen = { published: 1_100, delivered: 0, handled: 2_200, strikes: { kill: 7, pause: 3 }, depth: 412 };
  expect(lineOf(seen, before, { seconds: 5, elapsed: 75_000 })).toBe(
    "01:15  published 200/s  handled 400/s  kill 7  pause 3  depth 412",
  );
  expect(lineOf({ ...seen, depth: undefined }, before, { seconds: 5, elapsed: 75_000 })).toMatch(/ {2}depth not told$/);
});
