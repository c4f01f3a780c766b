import { deserialize, serialize } from "node:v8";
import { WaybillError } from "./errors.ts";
import type { Sent } from "./handling.ts";

/** What a handling came to, as a duplicate of its message needs it. */
export interface HandlingRecord {
  readonly result: unknown;
  /** Whether the result could be kept. */
  readonly kept: boolean;
  readonly sends: readonly Sent[];
}

const nothing: HandlingRecord = { result: undefined, kept: true, sends: [] };

/**
 * The record in bytes, undefined where there is nothing to tell. A result that cannot be cloned, or makes it larger than
 * `most`, is left out: that the handler has succeeded counts for more.
 * @throws WaybillError `TOO_LARGE` where what was sent does not fit, which cannot be left out
 */
export function writeRecord(result: unknown, sends: readonly Sent[], most: number): Uint8Array | undefined {
  if (result === undefined && sends.length === 0) return undefined;
  const whole = tryWrite({ result, kept: true, sends });
  if (whole !== undefined && whole.length <= most) return whole;
  const rest = serialize({ result: undefined, kept: false, sends } satisfies HandlingRecord);
  if (rest.length <= most) return rest;
  throw new WaybillError(
    "TOO_LARGE",
    `what the handler has sent takes ${rest.length} bytes to record, at most ${most} are kept; raise maxRecordBytes, or send less`,
  );
}

export function readRecord(bytes: Uint8Array | undefined): HandlingRecord {
  return bytes === undefined ? nothing : (deserialize(bytes) as HandlingRecord);
}

function tryWrite(record: HandlingRecord): Uint8Array | undefined {
  try {
    return serialize(record);
  } catch {
    return undefined;
  }
}
