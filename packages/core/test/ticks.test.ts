import { describe, expect, test } from "vitest";
import { Ticks } from "../src/ticks.ts";
import { resultOf } from "./support.ts";

const start = Date.UTC(2025, 0, 1);

/** The first ticks after a time. */
function after(cron: string, zone: string, from: string, count: number): readonly string[] {
  let at: number | undefined = Date.parse(from);
  const ticks = new Ticks(cron, zone, { place: "test", now: at });
  return Array.from({ length: count }, () => {
    at = ticks.next(at ?? Number.NaN);
    return new Date(at ?? Number.NaN).toISOString();
  });
}

describe("a tick", () => {
  test("is the next whole second that fits, and never the one it is asked from", () => {
    expect(after("*/5 * * * * *", "UTC", "2025-01-01T00:00:00.000Z", 2)).toEqual([
      "2025-01-01T00:00:05.000Z",
      "2025-01-01T00:00:10.000Z",
    ]);
    expect(after("*/5 * * * * *", "UTC", "2025-01-01T00:00:04.999Z", 1)).toEqual(["2025-01-01T00:00:05.000Z"]);
    expect(after("0 3 * * *", "Europe/Berlin", "2025-01-01T00:00:00Z", 1)).toEqual(["2025-01-01T02:00:00.000Z"]);
  });

  test.each([
    [4_999, 0],
    [5_000, 5_000],
    [5_001, 5_000],
    [9_999, 5_000],
  ])("the last one at %d ms is that of %d ms", (at, expected) => {
    const ticks = new Ticks("*/5 * * * * *", "UTC", { place: "test", now: start });
    expect(ticks.last(start + at)).toBe(start + expected);
  });
});

describe("where clocks change, in Berlin at 01:00 UTC on 30 March and on 26 October 2025", () => {
  test("a single time of day in the gap comes at its end, that day only", () => {
    expect(after("30 2 * * *", "Europe/Berlin", "2025-03-29T00:00:00Z", 3)).toEqual([
      "2025-03-29T01:30:00.000Z",
      "2025-03-30T01:00:00.000Z",
      "2025-03-31T00:30:00.000Z",
    ]);
  });

  test("what comes every half hour skips the gap", () => {
    expect(after("*/30 * * * *", "Europe/Berlin", "2025-03-30T00:00:00Z", 3)).toEqual([
      "2025-03-30T00:30:00.000Z",
      "2025-03-30T01:00:00.000Z",
      "2025-03-30T01:30:00.000Z",
    ]);
  });

  test("a single time of day that occurs twice comes once", () => {
    expect(after("30 2 * * *", "Europe/Berlin", "2025-10-25T12:00:00Z", 2)).toEqual([
      "2025-10-26T00:30:00.000Z",
      "2025-10-27T01:30:00.000Z",
    ]);
  });

  test("what comes every hour comes in both", () => {
    expect(after("30 * * * *", "Europe/Berlin", "2025-10-25T23:59:00Z", 3)).toEqual([
      "2025-10-26T00:30:00.000Z",
      "2025-10-26T01:30:00.000Z",
      "2025-10-26T02:30:00.000Z",
    ]);
  });
});

describe("refused, by its name", () => {
  test.each([
    ["nope", "UTC", 'cron "nope" cannot be read'],
    ["", "UTC", 'cron "" cannot be read'],
    ["* * * *", "UTC", "cannot be read"],
    ["* * * * * * *", "UTC", "cannot be read"],
    ["61 * * * *", "UTC", "cannot be read: .*61"],
    ["? * * * *", "UTC", "cannot be read"],
    ["2030-01-01T00:00:00", "UTC", "cannot be read"],
    [5, "UTC", "cannot be read"],
    ["0 0 31 2 *", "UTC", 'cron "0 0 31 2 \\*" never comes'],
    ["* * * * *", "Europe/Berlni", 'zone "Europe/Berlni" is none'],
    ["* * * * *", "", 'zone "" is none'],
    ["* * * * *", 5, "zone 5 is none"],
  ])("%j in %j", (cron, zone, flaw) => {
    const result = resultOf(() => new Ticks(cron as string, zone as string, { place: "schedule x", now: start }));
    expect(result).toHaveProperty("error");
    const { error } = result as { error: Error };
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(new RegExp(`^schedule x: .*${flaw}`));
  });
});
