import { type Ability, type Position, queue, topic } from "@waybill/core";
import { expect, test } from "vitest";
import { z } from "zod";
import { startAt } from "../src/position.ts";
import { manifest } from "./support.ts";

const kept = topic("orders", { schema: z.string(), retain: "7d" });
const replaying = manifest({ can: new Set<Ability>(["topics", "replay"]) });

test("a topic's retention is part of its layout", () => {
  expect(kept.shape.retainMs).toBe(7 * 86_400_000);
  expect(() => topic("orders", { schema: z.string(), retain: -1 })).toThrow('topic "orders": retain is -1');
  expect(() => topic("orders", { schema: z.string(), retain: Infinity })).toThrow("retain is Infinity");
});

test("a position is a word or a time", () => {
  expect(startAt("beginning", false, kept, replaying)).toEqual({ from: "beginning", reset: false });
  expect(startAt("now", true, kept, replaying)).toEqual({ from: "now", reset: true });
  expect(startAt(new Date(5), true, kept, replaying)).toEqual({ from: 5, reset: true });
  expect(startAt(5, false, kept, replaying)).toEqual({ from: 5, reset: false });
});

test.each([Number.NaN, Infinity, new Date(Number.NaN), "start", undefined])("%s is none", (position) => {
  expect(() => startAt(position as Position, false, kept, replaying)).toThrow(/^the position is /);
});

test("what keeps nothing has no earlier position, but an end", () => {
  const plain = topic("plain", { schema: z.string() });
  expect(() => startAt("beginning", false, plain, replaying)).toThrow('topic "plain" keeps nothing to replay');
  expect(startAt("now", true, queue("jobs", { schema: z.string() }), replaying)).toEqual({ from: "now", reset: true });
  expect(() => startAt(5, false, kept, manifest())).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
});
