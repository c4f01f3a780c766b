import type { Buffer } from "node:buffer";
import { Input } from "./input.ts";
import { attributesAt, headLength, lengthAt, recordsAt, version, versionAt } from "./layout.ts";

/** What stands before the records of a batch, and the records as they lie there. */
export interface BatchHead {
  readonly first: number;
  /** The offset behind the last, which may be gone. */
  readonly next: number;
  readonly attributes: number;
  readonly producerId: number;
  /** When the first was made, and when the latest was, or all were stored. */
  readonly firstAt: number;
  readonly latestAt: number;
  readonly count: number;
  readonly records: Buffer;
}

/** The batches in an answer to a fetch; the last one is left out where it is cut off, as what is more than was asked for is. */
export function batchesIn(bytes: Buffer): readonly BatchHead[] {
  const batches: BatchHead[] = [];
  for (let at = 0; at + recordsAt <= bytes.length;) {
    const end = at + headLength + bytes.readInt32BE(at + lengthAt);
    if (end > bytes.length) break;
    batches.push(headOf(bytes.subarray(at, end)));
    at = end;
  }
  return batches;
}

function headOf(batch: Buffer): BatchHead {
  const found = batch.readInt8(versionAt);
  if (found !== version) throw new RangeError(`a batch of records has version ${found}, not ${version}`);
  const first = new Input(batch).int64();
  const head = new Input(batch, attributesAt);
  const attributes = head.int16();
  const next = first + head.int32() + 1;
  const [firstAt, latestAt, producerId] = [head.int64(), head.int64(), head.int64()];
  head.skip(2 + 4);
  const count = head.int32();
  return { first, next, attributes, producerId, firstAt, latestAt, count, records: batch.subarray(recordsAt) };
}
