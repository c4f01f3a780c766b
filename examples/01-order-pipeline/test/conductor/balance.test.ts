import { expect, test } from "vitest";
import type { Outcome } from "../../src/conductor/balance.ts";
import { imbalances } from "../../src/conductor/balance.ts";
import type { Story } from "./story.ts";
import { goodRun, ids } from "./story.ts";

const [fine = "", other = ""] = ids.fine;
const [down = ""] = ids.down;

/** What is said of a good run into which something has been put. */
function judge(spoil: (story: Story) => void, change: Partial<Outcome> = {}): readonly string[] {
  const { story, outcome } = goodRun();
  spoil(story);
  return imbalances({ ...outcome, ...change });
}

const nothing = (): void => undefined;

test("a run in which all went as it should balances", () => {
  expect(judge(nothing)).toEqual([]);
});

test("so does one in which messages came back after a kill", () => {
  const problems = judge((story) => {
    story.start("billing", fine, 1, "billing-9");
    story.ledger.killed("billing-9");
    story.handle("billing", fine);
    story.fail("billing", down, 1);
  });
  expect(problems).toEqual([]);
});

test.each<[string, (story: Story) => void, string]>([
  [
    "an order nobody handled",
    (story) => story.publish("o-new", "c-1"),
    "billing: orders published 8, orders billed 7: o-new missing",
  ],
  [
    "the same for shipping",
    (story) => story.publish("o-new", "c-1"),
    "shipping: orders published 8, orders shipped 7: o-new missing",
  ],
  [
    "an order nobody placed",
    (story) => story.handle("shipping", "o-alien"),
    "shipping: orders published 7, orders shipped 8: o-alien unexpected",
  ],
  [
    "an email nobody asked for",
    (story) => story.handle("email", "o-alien"),
    "email: orders billed 7, emails sent 8: o-alien unexpected",
  ],
  [
    "a failure nobody planned",
    (story) => story.fail("billing", fine, 1),
    "billing: failures by the faults 7, attempts failed 8",
  ],
  [
    "a failure that was not tried again",
    (story) => story.fail("shipping", fine, 1),
    "shipping: attempts failed 1, retried + dead 0",
  ],
  [
    "a retry without a failure",
    (story) => story.handle("billing", fine, 2),
    "billing: attempts failed 7, retried + dead 8",
  ],
  [
    "a handling that never ended",
    (story) => void story.start("email", fine),
    "email: begun and never ended 1, allowed 0",
  ],
  [
    "and its sum",
    (story) => void story.start("email", fine),
    "email: received 8, handled + failed + duplicates + cut short 7",
  ],
  [
    "customers served out of order",
    (story) => story.handle("shipping", fine),
    `shipping: out of order 1 times: c-0: ${fine} came after`,
  ],
  [
    "an order that could not be published",
    (story) => story.ledger.note("orders", { kind: "refused", orderId: "o-x", error: "BUSY" }),
    "orders: 1 could not be published, such as o-x: BUSY",
  ],
])("names %s", (_, spoil, line) => {
  expect(judge(spoil)).toContainEqual(expect.stringContaining(line));
});

test("names input that was not read to its end", () => {
  expect(judge((story) => (story.ledger.complete = false))).toEqual(["orders: the input was not read to its end"]);
});

test("names dead letters that are missing, unexpected or were not redriven", () => {
  expect(judge(nothing, { deadLetters: [down], redriven: 1 })).toContainEqual(
    expect.stringMatching(/^billing: orders that fail for good 2, dead letters 1: o-\d+ missing$/),
  );
  expect(judge(nothing, { deadLetters: [down, other], redriven: 2 })).toContainEqual(
    expect.stringMatching(`dead letters 2: o-\\d+ missing, ${other} unexpected$`),
  );
  expect(judge(nothing, { redriven: 1 })).toEqual(["billing: dead letters 2, redriven 1"]);
});

test.each(["ready", "inFlight", "delayed", "dead"] as const)("names what is left in an inbox: %s", (lane) => {
  const { outcome } = goodRun();
  const depths = { ...outcome.depths, email: { ...outcome.depths.email, [lane]: 3 } };
  expect(imbalances({ ...outcome, depths })).toEqual([
    expect.stringMatching(/^email: (ready|in flight|delayed|dead) at the end 3, allowed 0$/),
  ]);
});
