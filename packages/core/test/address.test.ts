import { assert, property, string, constantFrom } from "fast-check";
import { expect, test } from "vitest";
import { addressOf, inboxAt } from "../src/address.ts";
import type { Inbox } from "../src/seam.ts";

function inboxOf(kind: "topic" | "pattern", source: string, group: string): Inbox {
  const shape = { kind, ordered: false, priorities: 1, retainMs: 0 };
  return { source, shape, group, ordered: false, ephemeral: false };
}

test("an address leads back to its inbox, whatever the names", () => {
  assert(
    property(constantFrom("topic" as const, "pattern" as const), string(), string(), (kind, source, group) => {
      expect(inboxAt(addressOf(inboxOf(kind, source, group)))).toEqual({
        source,
        group,
        isPattern: kind === "pattern",
      });
    }),
  );
});

test("what comes from the wire and is no address leads nowhere", () => {
  for (const text of [
    "",
    "null",
    "[]",
    '["source","a"]',
    '["source","a",1]',
    '["x","a","b"]',
    '["source","a","b","c"]',
    "{",
  ])
    expect(inboxAt(text)).toBeUndefined();
});

test("any text is an address or not, and never an error", () => {
  assert(property(string(), (text) => void inboxAt(text)));
});
