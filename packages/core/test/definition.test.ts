import { queue, topic } from "@waybill/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const schema = z.object({ id: z.string() });

test("a topic's layout follows from its definition alone", () => {
  const orders = topic("orders", { schema, key: ({ id }) => id, ordered: true, version: 3 });
  expect(orders).toMatchObject({ kind: "topic", name: "orders", ordered: true, version: 3 });
  expect(orders.shape).toEqual({ kind: "topic", ordered: true, priorities: 1, retainMs: 0 });
  expect(queue("mail", { schema, priorities: 3 }).shape).toEqual({
    kind: "queue",
    ordered: false,
    priorities: 3,
    retainMs: 0,
  });
});

test("a schema may be a function, as arktype's are", () => {
  const callable = Object.assign(() => undefined, { "~standard": schema["~standard"] });
  expect(topic("orders", { schema: callable }).schema).toBe(callable);
});

describe("refused, naming the topic and the option", () => {
  const loose = topic as unknown as (name: string, options: Readonly<Record<string, unknown>>) => unknown;

  test.each([
    ["no schema", {}, "schema"],
    ["a schema that is none", { schema: { parse: () => 5 } }, "schema"],
    ["a schema that is null", { schema: null }, "schema"],
    ["ordered without a key", { schema, ordered: true }, "ordered needs a key"],
    ["ordered with priorities", { schema, ordered: true, key: () => "k", priorities: 2 }, "do not go together"],
    ["0 priorities", { schema, priorities: 0 }, "priorities"],
    ["33 priorities", { schema, priorities: 33 }, "at most 32"],
    ["NaN priorities", { schema, priorities: Number.NaN }, "priorities"],
    ["version 0", { schema, version: 0 }, "version"],
    ["version 1.5", { schema, version: 1.5 }, "version"],
  ])("%s", (_, options, why) => {
    expect(() => loose("orders", options)).toThrow(TypeError);
    expect(() => loose("orders", options)).toThrow(why);
    expect(() => loose("orders", options)).toThrow("orders");
  });

  test.each(["", "a..b", "order.*", "a\u0000", "x".repeat(300)])("the name %j", (name) => {
    expect(() => topic(name, { schema: schema as StandardSchemaV1 })).toThrow(/^topic name /);
    expect(() => queue(name, { schema: schema as StandardSchemaV1 })).toThrow(/^queue name /);
  });
});
