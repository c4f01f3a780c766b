import { type Bus, pattern, topic } from "@waybill/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { inboxOf, placesOf } from "../src/inbox.ts";

test("a pattern's layout follows from itself alone", () => {
  expect(pattern("order.#").shape).toEqual({ kind: "pattern", ordered: false, priorities: 1, retainMs: 0 });
  expect(pattern("order.*", { ordered: true }).shape.ordered).toBe(true);
});

test("its inbox is all that has to be there", () => {
  const orders = pattern("order.*");
  const inbox = inboxOf(orders, "audit");
  expect(inbox).toMatchObject({ source: "order.*", group: "audit", shape: { kind: "pattern" } });
  expect(placesOf(orders, inbox)).toEqual([{ kind: "inbox", inbox, start: { from: "now", reset: false } }]);
  expect(placesOf(topic("a", { schema: z.string() }), inbox).map(({ kind }) => kind)).toEqual(["source", "inbox"]);
  expect(() => inboxOf(orders, undefined)).toThrow('pattern "order.*": give the name of a group');
});

describe("refused, naming the pattern and why", () => {
  test.each([
    ["order.placed", "has no wildcard"],
    ["order.**", "has no wildcard"],
    ["", "has no wildcard"],
    ["order..*", "empty segment"],
    ["#.\u0000", "control character"],
    [`#.${"a".repeat(255)}`, "has 257 bytes"],
    [7, "is not a string"],
  ])("%j %s", (name, why) => {
    expect(() => pattern(name as string)).toThrow(why);
  });
});

export async function types(bus: Bus): Promise<void> {
  await bus.subscribe(pattern("order.*"), { group: "audit" }, ({ data }) => {
    const unknown: unknown = data;
    // @ts-expect-error without a schema nothing is known of the data
    const orderId: string = data;
    return [unknown, orderId];
  });
  await bus.listen(
    pattern("order.*", { schema: z.object({ orderId: z.string() }) }),
    ({ data }) => data.orderId.length,
  );
  // @ts-expect-error nothing is published to a pattern
  await bus.publish(pattern("order.*"), {}).catch(() => undefined);
  // @ts-expect-error nor many
  await bus.publishMany(pattern("order.*"), []).catch(() => undefined);
}
