import { expect, test } from "vitest";
import { ledgerIn, type Line, textOf } from "../src/ledger.ts";

test("a ledger is read as it was written", () => {
  const line: Line = { failures: 2, crashes: 1, seen: 3, dueAt: 1_700_000_000_000, note: { __proto__x: "1", a: "" } };
  const ledger = new Map([
    ["one", line],
    ["", { failures: 0, crashes: 0, seen: 3, dueAt: 0, note: {} }],
  ]);
  expect(ledgerIn(textOf(ledger))).toEqual(ledger);
});

test("of what somebody else has written there the lines that cannot be read are left out", () => {
  for (const text of ["", "{", "null", "7", "[]", '{"lines":7}', '{"lines":[[1,2],["id",0,0,0,0,null]]}'])
    expect(ledgerIn(text).size).toBe(0);
  expect(ledgerIn('{"lines":[7,["id","x",null,1e999,"",{}]]}')).toEqual(
    new Map([["id", { failures: 0, crashes: 0, seen: 0, dueAt: 0, note: {} }]]),
  );
});
