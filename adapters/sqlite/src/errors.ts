import { type ErrorCode, WaybillError } from "@waybill/core";

/** SQLite's primary result codes that mean something to a user. */
const codes: Readonly<Record<number, { readonly code: ErrorCode; readonly advice: string }>> = {
  5: { code: "UNAVAILABLE", advice: "another process keeps the database locked" },
  6: { code: "UNAVAILABLE", advice: "another connection keeps a table locked" },
  8: {
    code: "PERMISSION",
    advice: "the file or its directory cannot be written; give this process write access to both",
  },
  10: { code: "UNAVAILABLE", advice: "the disk failed to read or write" },
  11: { code: "CORRUPT", advice: "the database is damaged; restore it from a copy" },
  13: { code: "FULL", advice: "the disk or the page limit is full; make room, or settle what waits" },
  14: { code: "PERMISSION", advice: "the file cannot be opened; check that its path is a file this process may write" },
  18: { code: "TOO_LARGE", advice: "SQLite refuses a value of this size" },
  26: { code: "CORRUPT", advice: "the file is no SQLite database; give Waybill a file of its own" },
};

/** What `node:sqlite` threw, in our words: nothing of the failed transaction was stored. */
export function toError(thrown: unknown): WaybillError {
  if (thrown instanceof WaybillError) return thrown;
  const known = codes[resultCode(thrown) & 0xff];
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (known === undefined) return new WaybillError("UNAVAILABLE", `sqlite: ${message}`, { cause: thrown });
  return new WaybillError(known.code, `sqlite: ${known.advice} (${message})`, { cause: thrown });
}

/** Whether another connection has the lock, so that the same will work a little later. */
export function isBusy(thrown: unknown): boolean {
  return (resultCode(thrown) & 0xff) === 5;
}

function resultCode(thrown: unknown): number {
  return thrown instanceof Error && "errcode" in thrown && typeof thrown.errcode === "number" ? thrown.errcode : 0;
}

/** An error as it crosses the thread: structured cloning would lose its class. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
}

export function toPlain(thrown: unknown): PlainError {
  const { code, message } = toError(thrown);
  return { code, message };
}

export function fromPlain({ code, message }: PlainError): WaybillError {
  return new WaybillError(code, message);
}
