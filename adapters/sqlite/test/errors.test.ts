import { WaybillError } from "@waybill/core";
import { expect, test } from "vitest";
import { fromPlain, isBusy, toError, toPlain } from "../src/errors.ts";

function sqliteError(errcode: number): Error {
  return Object.assign(new Error("what SQLite says"), { code: "ERR_SQLITE_ERROR", errcode });
}

test.each([
  [5, "UNAVAILABLE"],
  [8, "PERMISSION"],
  [11, "CORRUPT"],
  [13, "FULL"],
  [14, "PERMISSION"],
  [18, "TOO_LARGE"],
  [26, "CORRUPT"],
  [1, "UNAVAILABLE"],
  [5 | (2 << 8), "UNAVAILABLE"],
  [8 | (3 << 8), "PERMISSION"],
])("SQLite's result code %i is %s", (errcode, code) => {
  const thrown = sqliteError(errcode);
  expect(toError(thrown)).toMatchObject({ code, cause: thrown });
  expect(toError(thrown).message).toContain("what SQLite says");
});

test("only a lock is worth another try at once", () => {
  expect([5, 517, 6, 13].map((errcode) => isBusy(sqliteError(errcode)))).toEqual([true, true, false, false]);
  expect(isBusy("no error")).toBe(false);
});

test("an error keeps its code and message over the thread's border", () => {
  const error = new WaybillError("FULL", "no room");
  expect(toError(error)).toBe(error);
  expect(fromPlain(structuredClone(toPlain(error)))).toEqual(error);
});
