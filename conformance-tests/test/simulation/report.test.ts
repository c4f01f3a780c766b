import { expect, test } from "vitest";
import { failureReport } from "../../src/simulation/report.ts";

const lines = [
  "+0 publish 3 of p0-k1",
  "+0 publish 13 of p0-k3",
  "+3 g0: member1 begins 13, attempt 1",
  "+4 g0: member1 crashes",
  "+9 store 3",
  "+9 publish 3: ok",
];

test("a report says what was broken, what happened to the message, and how to see all of it again", () => {
  const violations = [{ promise: "SUB-1", what: "g0: 3 was confirmed and never handled to the end", n: 3 }];
  expect(failureReport({ seed: 7, violations, lines }).split("\n")).toEqual([
    "seed 7 breaks a promise:",
    "  SUB-1: g0: 3 was confirmed and never handled to the end",
    "the last events of 3 (ms since the beginning):",
    "  +0 publish 3 of p0-k1",
    "  +4 g0: member1 crashes",
    "  +9 store 3",
    "  +9 publish 3: ok",
    "all 6 events: npm run simulate -- --from 7 --seeds 1 --trace",
  ]);
});

test("where it is about no message, the last events of all are shown", () => {
  const violations = [{ promise: "LIF-3", what: "it goes on and on" }];
  const many = Array.from({ length: 100 }, (_, index) => `+${index} event`);
  const shown = failureReport({ seed: 7, violations, lines: many }).split("\n");
  expect(shown.slice(2, 4)).toEqual(["the last events (ms since the beginning):", "  +60 event"]);
});
