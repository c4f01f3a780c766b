import { expect, test } from "vitest";
import { orderViolations } from "../../src/conductor/order-check.ts";
import { Story } from "./story.ts";

function violations(handle: (story: Story) => void): readonly string[] {
  const story = new Story();
  for (const id of ["a1", "b1", "a2", "b2", "a3"]) story.publish(id, `c-${id.slice(0, 1)}`);
  handle(story);
  return orderViolations(story.ledger.groups.shipping.handlings, story.ledger.orders);
}

test("customers do not wait for each other", () => {
  const problems = violations((story) => {
    const slow = story.start("shipping", "a1");
    for (const id of ["b1", "b2"]) story.handle("shipping", id);
    story.end("shipping", slow);
    for (const id of ["a2", "a3"]) story.handle("shipping", id);
  });
  expect(problems).toEqual([]);
});

test("an order may come again, as long as it is the latest", () => {
  const problems = violations((story) => {
    story.start("shipping", "a1", 1, "shipping-9");
    story.handle("shipping", "a1");
    story.handle("shipping", "a1");
    story.handle("shipping", "a2");
  });
  expect(problems).toEqual([]);
});

test("an order that overtakes is named", () => {
  const problems = violations((story) => {
    for (const id of ["a1", "a3", "a2"]) story.handle("shipping", id);
  });
  expect(problems).toEqual(["c-a: a2 came after a3"]);
});

test("so is one that begins before the one before it has ended", () => {
  const problems = violations((story) => {
    const first = story.start("shipping", "a1");
    story.handle("shipping", "a2");
    story.end("shipping", first);
  });
  expect(problems).toEqual(["c-a: a2 began before a1 had ended"]);
});
