import { assert, boolean, property, record, string } from "fast-check";
import { expect, test } from "vitest";
import { inboxKey, keysOfInbox, keysOfSource, registryKeys, sourceKey, tagOf } from "../src/names.ts";
import { slotOfKey } from "../src/slots.ts";

const name = string({ minLength: 1, unit: "grapheme" });
const place = record({ namespace: name, source: name, group: name, isPattern: boolean() });

/** Every key that a place can have. */
function keysOf({ namespace, ...inbox }: Parameters<typeof inboxKey>[1] & { readonly namespace: string }): string[] {
  const base = inboxKey(namespace, inbox);
  return [
    ...keysOfInbox(base, 3),
    ...(inbox.isPattern ? [] : keysOfSource(sourceKey(namespace, inbox.source))),
    ...Object.values(registryKeys(namespace)),
  ];
}

test("two places share no key but those of what they have in common (SUB-3)", () => {
  assert(
    property(place, place, (one, other) => {
      const others = new Set(keysOf(other));
      const shared = keysOf(one).filter((key) => others.has(key));
      const isSameSource = one.source === other.source && !one.isPattern && !other.isPattern;
      const isSame = one.source === other.source && one.isPattern === other.isPattern && one.group === other.group;
      const common = 4 + (isSameSource ? 3 : 0) + (isSame ? keysOfInbox("", 3).length : 0);
      expect(shared.length).toBe(one.namespace === other.namespace ? common : 0);
    }),
  );
});

test("all keys of one topic and its groups are of one slot, whatever the names", () => {
  assert(
    property(place, (one) => {
      const base = inboxKey(one.namespace, one);
      const slots = keysOfInbox(base, 3).map(slotOfKey);
      expect(new Set(slots).size).toBe(1);
      expect(tagOf(base)).toMatch(/^wb:\{[^{}]+\}$/);
    }),
  );
});
