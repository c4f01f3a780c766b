import { expect, test } from "vitest";
import { WaybillError } from "../src/errors.ts";
import { checkLayout, layoutThere } from "../src/layout.ts";
import { caught } from "./support.ts";

test("a layout as it is asked for passes, whatever else is there", () => {
  expect(() => checkLayout('topic "t"', { ordered: true, id: 7 }, { ordered: true })).not.toThrow();
});

test("one that differs is refused, naming each difference", () => {
  expect(() => checkLayout('topic "t"', { ordered: true, retainMs: 0 }, { ordered: false, retainMs: 5 })).toThrow(
    expect.objectContaining({
      code: "TOPOLOGY_MISMATCH",
      message:
        'topic "t" exists with another layout: ordered is true, asked for is false; retainMs is 0, asked for is 5; use another name, or remove it first',
    }) as Error,
  );
});

test("what is there can be read from the error, whatever the names are", async () => {
  const what = `topic "exists with another layout: priorities is 9, asked for is 8"`;
  const there = { kind: "queue", ordered: true, priorities: 3, retainMs: 86_400_000 };
  const error = await caught(() =>
    checkLayout(what, there, { kind: "topic", ordered: true, priorities: 1, retainMs: 0 }),
  );
  expect([...layoutThere(error)]).toEqual([
    ["kind", "queue"],
    ["priorities", "3"],
    ["retainMs", "86400000"],
  ]);
});

test.each([new WaybillError("MISSING", "ordered is true, asked for is false"), new Error("x"), undefined])(
  "other errors say nothing of it: %s",
  (error) => {
    expect(layoutThere(error).size).toBe(0);
  },
);
