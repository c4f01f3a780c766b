import { describe, expect, test } from "vitest";
import type { Case } from "../src/case.ts";
import type { Entry, Outcome } from "../src/plan.ts";
import { withTable } from "../src/readme-table.ts";
import { type Report, reportOf, summaryOf, tableOf } from "../src/report.ts";

function fake(id: string): Case {
  const promise = id.split("/")[0] ?? "";
  return { id, promise, shows: "nothing", owed: () => "owed", run: () => Promise.resolve() };
}

const entries: readonly Entry[] = [
  { case: fake("PUB-1/stored"), status: "owed" },
  { case: fake("PUB-2"), status: "owed" },
  { case: fake("PUB-3"), status: "waived", reason: "issue 7" },
  { case: fake("ORD-1"), status: "unclaimed", claim: "order" },
  { case: fake("FLT-2"), status: "needs", what: "controls" },
  { case: fake("ACK-1"), status: "owed" },
];
const outcomes = new Map<string, Outcome>([
  ["PUB-1/stored", { state: "passed", error: undefined }],
  ["PUB-2", { state: "failed", error: new Error("x") }],
  ["PUB-3", { state: "waived", error: undefined }],
]);
const promises = [
  { id: "PUB-1", family: "Publishing", text: "…" },
  { id: "TTL-1", family: "Order", text: "…" },
];
const report: Report = reportOf("toy", entries, outcomes, promises);

describe("a report", () => {
  test("says of every case what became of it, and why", () => {
    expect(report.cases).toEqual({
      "PUB-1/stored": "passed",
      "PUB-2": "failed",
      "PUB-3": "waived: issue 7",
      "ORD-1": "not claimed: order",
      "FLT-2": "not owed: needs controls",
      "ACK-1": "not run",
    });
  });

  test("lists the promises without a case", () => {
    expect(report.uncovered).toEqual({ "TTL-1": "not covered yet" });
  });

  test("is printed as a table and as a summary", () => {
    expect(tableOf(report)).toMatch(/PUB-1\/stored {2}passed\n[^]*TTL-1 {9}not covered yet/);
    expect(summaryOf(report)).toMatch(
      /^conformance of toy: 1 passed, 1 failed, 1 waived, 1 not claimed, 1 not owed, 1 not run\n/,
    );
    expect(summaryOf(report)).not.toMatch(/PUB-1\/stored/);
  });
});

describe("the table of a README", () => {
  const text = "before\n<!-- conformance:start -->\nold\n<!-- conformance:end -->\nafter\n";

  test("stands between the markers, a row for each promise, a column for each adapter", () => {
    const written = withTable(text, [report]);
    expect(written).toMatch(/^before\n<!-- conformance:start -->\n\n\| promises about \| toy \|/);
    expect(written).toMatch(/\n\| promise \| what it says \| toy \|/);
    expect(written).toMatch(/\| PUB-1 \| .* \| ✓ 1 \|/);
    expect(written).toMatch(/\| PUB-2 \| .* \| \*\*failed\*\* \|/);
    expect(written).toMatch(/\| ORD-1 \| .* \| — \|/);
    expect(written).toMatch(/Not covered by a case yet: .*TTL-1/);
    expect(written.endsWith("<!-- conformance:end -->\nafter\n")).toBe(true);
    expect(written).not.toMatch(/old/);
  });

  test("counts by family what is shown and what has failed", () => {
    expect(withTable(text, [report])).toMatch(/\| Publishing \| 1 of 11, \*\*1 failed\*\* \|/);
  });

  test("is the same again when nothing has changed", () => {
    const once = withTable(text, [report]);
    expect(withTable(once, [report])).toBe(once);
  });

  test("needs the markers", () => {
    expect(() => withTable("no markers", [report])).toThrow(/conformance:start/);
  });
});
