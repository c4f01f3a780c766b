import type { DeadLetter } from "@waybill/core";
import { expect, test } from "vitest";
import { Arguments } from "../src/arguments.ts";
import { letterFilter } from "../src/letter-filter.ts";

const now = Date.UTC(2026, 0, 2);
const letter: DeadLetter = {
  id: "l-1",
  key: "c-7",
  headers: { region: "north" },
  data: { total: 42 },
  raw: Buffer.from(`{"total":42}`),
  history: [],
  reason: "exhausted",
  error: { name: "Error", message: "card refused", code: undefined, stack: undefined },
  attempts: 5,
  firstFailedAt: now - 7_200_000,
  deadAt: now - 3_600_000,
  source: "order.placed",
  group: "billing",
};

function chooses(flags: Readonly<Record<string, readonly string[]>>, over: Partial<DeadLetter> = {}): boolean {
  return letterFilter(new Arguments([], new Map(Object.entries(flags))), now)({ ...letter, ...over });
}

test.each([
  {},
  { id: ["l-0", "l-1"] },
  { reason: ["exhausted"] },
  { "older-than": ["59m"] },
  { grep: ["card"] },
  { grep: [`"total":42`] },
  { grep: ["^c-7$"] },
  { grep: ["north"] },
  { id: ["l-1"], reason: ["exhausted"], grep: ["card"], "older-than": ["1m"] },
])("%j means it", (flags) => {
  expect(chooses(flags)).toBe(true);
});

test.each([
  { id: ["l-2"] },
  { reason: ["permanent"] },
  { "older-than": ["1h"] },
  { grep: ["south"] },
  { id: ["l-1"], reason: ["exhausted"], grep: ["card"], "older-than": ["2h"] },
])("%j does not", (flags) => {
  expect(chooses(flags)).toBe(false);
});

test("what does not decode is searched as it is, and what has no time of death is not old", () => {
  expect(chooses({ grep: ["oops"] }, { data: undefined, raw: Buffer.from("{oops") })).toBe(true);
  expect(chooses({ "older-than": ["1m"] }, { deadAt: Number.NaN })).toBe(false);
});
