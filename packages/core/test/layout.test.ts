import { expect, test } from "vitest";
import { checkLayout } from "../src/layout.ts";

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
