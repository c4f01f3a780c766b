import { queue, topic } from "@waybill/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const [v1, v2, v3] = [z.string(), z.number(), z.boolean()];

test("the newest version is published, the others are still read; the layout knows of none", () => {
  const definition = topic("t", { versions: { 2: v2, 1: v1, 3: v3 }, upcast: { 1: Number, 2: Boolean } });
  expect(definition).toMatchObject({ schema: v3, version: 3 });
  expect(definition.older).toEqual([
    { version: 1, schema: v1, upcast: Number },
    { version: 2, schema: v2, upcast: Boolean },
  ]);
  expect(definition.shape).toEqual(topic("t", { schema: v3 }).shape);
});

test("the first versions may be given up, and one version needs no upcaster", () => {
  expect(topic("t", { versions: { 7: v1, 8: v2 }, upcast: { 7: Number } })).toMatchObject({ version: 8 });
  expect(queue("q", { versions: { 1: v1 } })).toMatchObject({ version: 1, schema: v1, older: [] });
  expect(queue("q", { schema: v1, version: 4 })).toMatchObject({ version: 4, schema: v1, older: [] });
});

describe("refused, naming the definition and the version", () => {
  const loose = topic as unknown as (name: string, options: Readonly<Record<string, unknown>>) => unknown;

  test.each([
    ["a version without an upcaster", { versions: { 1: v1, 2: v2 } }, "version 1 has no upcaster"],
    ["another one", { versions: { 1: v1, 2: v2, 3: v3 }, upcast: { 1: Number } }, "version 2 has no upcaster"],
    ["an upcaster that is none", { versions: { 1: v1, 2: v2 }, upcast: { 1: v2 } }, "version 1 has no upcaster"],
    ["a gap", { versions: { 1: v1, 4: v2 }, upcast: { 1: Number } }, "version 2 is missing between 1 and 4"],
    ["version 0", { versions: { 0: v1, 1: v2 }, upcast: { 0: Number } }, "version 0"],
    ["version 1.5", { versions: { 1.5: v1 } }, "version 1.5"],
    ["version 100", { versions: { 100: v1 } }, "version 100"],
    ["a version by name", { versions: { one: v1 } }, "version one"],
    ["no version", { versions: {} }, "versions is empty"],
    ["a version that is no schema", { versions: { 1: v1, 2: {} }, upcast: { 1: Number } }, "version 2 is no Standard"],
    ["an older one that is none", { versions: { 1: null, 2: v2 }, upcast: { 1: Number } }, "version 1 is no Standard"],
    ["an upcaster of the newest", { versions: { 1: v1, 2: v2 }, upcast: { 1: Number, 2: Number } }, "upcast 2"],
    ["an upcaster of nothing", { schema: v1, upcast: { 1: Number } }, "upcast goes with versions"],
    ["versions and a schema", { schema: v1, versions: { 1: v1 } }, "not both"],
    ["versions and a version", { version: 1, versions: { 1: v1 } }, "not both"],
  ])("%s", (_, options, why) => {
    expect(() => loose("orders", options)).toThrow(TypeError);
    expect(() => loose("orders", options)).toThrow(why);
    expect(() => loose("orders", options)).toThrow('topic "orders"');
  });
});
