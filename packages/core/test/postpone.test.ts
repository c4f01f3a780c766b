import { expect, test } from "vitest";
import type { Duration } from "../src/duration.ts";
import { Postpone } from "../src/postpone.ts";

test("says when the message comes again, not before 100 ms", () => {
  expect(new Postpone("2s").delayMs).toBe(2_000);
  expect(new Postpone(0).delayMs).toBe(100);
});

test("says why", () => {
  const cause = new Error("shop closed");
  expect(new Postpone("1h", "closed until nine", { cause })).toMatchObject({ message: "closed until nine", cause });
});

test.each(["soon", -1, Number.NaN, Infinity])("refuses %s as a delay", (delay) => {
  expect(() => new Postpone(delay as Duration)).toThrow(TypeError);
});
