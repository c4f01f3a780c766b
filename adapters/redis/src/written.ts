import { WaybillError } from "@waybill/core";

/** What we wrote down about `what`. @throws WaybillError `CORRUPT` where somebody else has written over it */
export function written(text: Buffer | string, what: string): object {
  try {
    const read: unknown = JSON.parse(String(text));
    if (typeof read === "object" && read !== null) return read;
  } catch {
    // Told below.
  }
  throw new WaybillError(
    "CORRUPT",
    `redis: what is written down about ${what} cannot be read; remove it and declare it anew`,
  );
}
