import { expect, test } from "vitest";
import type { Sent } from "../src/handling.ts";
import { readRecord, writeRecord } from "../src/record.ts";
import { manifest, wire } from "./support.ts";

const shape = { kind: "queue", ordered: false, priorities: 1, retainMs: 0 } as const;
const sent: Sent = [{ kind: "source", name: "mails", shape }, wire("m-1", { headers: { a: "b" } })];

test.each([
  ["nothing", undefined, []],
  ["a result", { cents: 5, at: new Date(7), bytes: Uint8Array.of(1, 2), big: 5n }, []],
  ["what was sent", undefined, [sent]],
  ["both", null, [sent, sent]],
] as const)("keeps %s exactly", (_, result, sends) => {
  expect(readRecord(writeRecord(result, sends, 10_000))).toEqual({ result, kept: true, sends });
});

test("nothing takes no bytes", () => {
  expect(writeRecord(undefined, [], 1)).toBeUndefined();
});

test.each([
  ["too large", "x".repeat(2_000)],
  ["a function", () => manifest()],
  ["an object with one", { run: () => 5 }],
])("leaves out a result that is %s, and says so", (_, result) => {
  expect(readRecord(writeRecord(result, [sent], 1_000))).toEqual({ result: undefined, kept: false, sends: [sent] });
});

test("refuses what was sent where it does not fit, and says what to do", () => {
  const large: Sent = [sent[0], wire("m-1", { body: Buffer.alloc(2_000) })];
  expect(() => writeRecord(5, [large], 1_000)).toThrow(/at most 1000 are kept; raise maxRecordBytes/);
});
