import { expect, test } from "vitest";
import { type Line, textOf, toldIn } from "../src/ledger.ts";

test("a ledger is read as it was written", () => {
  const line: Line = { failures: 2, uncounted: -1, dueAt: 1_700_000_000_000, note: { __proto__x: "1", a: "" } };
  const ledger = new Map([
    ["one", line],
    ["", { failures: 0, uncounted: 3, dueAt: 0, note: {} }],
  ]);
  expect(toldIn(textOf({ ledger, waiting: 7 }))).toEqual({ ledger, waiting: 7 });
});

test("of what somebody else has written there the lines that cannot be read are left out", () => {
  for (const text of ["", "{", "null", "7", "[]", '{"lines":7}', '{"lines":[[1,2],["id",0,0,0,null]],"waiting":"x"}'])
    expect(toldIn(text)).toEqual({ ledger: new Map(), waiting: 0 });
  expect(toldIn('{"lines":[7,["id","x",null,1e999,{}]]}').ledger).toEqual(
    new Map([["id", { failures: 0, uncounted: 0, dueAt: 0, note: {} }]]),
  );
});
