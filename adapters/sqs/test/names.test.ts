import type { Inbox } from "@waybill/core";
import { assert, boolean, constantFrom, property, record, string } from "fast-check";
import { expect, test } from "vitest";
import { deadName, idOf, prefixOf, queueNames, topicName } from "../src/names.ts";

const name = string({ minLength: 1, unit: "grapheme" });
const place = record({
  namespace: name,
  source: name,
  group: name,
  kind: constantFrom("topic", "queue", "pattern"),
  ordered: boolean(),
  ephemeral: boolean(),
});

function inboxOf({
  source,
  group,
  kind,
  ordered,
  ephemeral,
}: Omit<Inbox, "shape"> & { kind: Inbox["shape"]["kind"] }): Inbox {
  const shape = { kind, ordered, priorities: 3, retainMs: 0 };
  const isQueue = kind === "queue";
  return { source, group: isQueue ? source : group, shape, ordered, ephemeral: !isQueue && ephemeral };
}

test("every name is one that SQS takes, and begins as all of its namespace", () => {
  assert(
    property(place, ({ namespace, ...rest }) => {
      const inbox = inboxOf(rest);
      for (const one of [...queueNames(namespace, inbox), deadName(namespace, inbox)]) {
        expect(one).toMatch(inbox.ordered ? /^[\w-]{1,75}\.fifo$/ : /^[\w-]{1,80}$/);
        expect(one.startsWith(prefixOf(namespace))).toBe(true);
        expect(one.length).toBeLessThanOrEqual(80);
      }
      expect(topicName(namespace, { name: inbox.source, shape: inbox.shape })).toMatch(/^[\w-]{1,250}(\.fifo)?$/);
    }),
  );
});

test("two inboxes share no queue (SUB-3)", () => {
  assert(
    property(place, place, ({ namespace: first, ...one }, { namespace: second, ...other }) => {
      const [mine, theirs] = [inboxOf(one), inboxOf(other)];
      const all = new Set(
        [
          [first, mine],
          [second, theirs],
        ].flatMap(([namespace, inbox]) => [
          ...queueNames(namespace as string, inbox as Inbox),
          deadName(namespace as string, inbox as Inbox),
        ]),
      );
      const isSame = JSON.stringify([first, mine]) === JSON.stringify([second, theirs]);
      expect(all.size).toBe(isSame ? 4 : 8);
    }),
  );
});

test("a key and an id become what SQS takes, and no two the same", () => {
  assert(
    property(string({ unit: "grapheme" }), string({ unit: "grapheme" }), (one, other) => {
      expect(idOf(one)).toMatch(/^[\w-]{1,128}$/);
      expect(idOf(one) === idOf(other)).toBe(one === other);
    }),
  );
  expect(idOf("x".repeat(500))).toHaveLength(44);
});
