import { Buffer } from "node:buffer";
import { compressionsAlgorithmsByBitmask } from "@platformatic/kafka";
import type { StoredRecord } from "../driver.ts";
import type { BatchHead } from "./batches.ts";
import { Input } from "./input.ts";
import { hasAppendTime, isCompressed } from "./layout.ts";

/** About so many bytes are kept alive by what is kept of one record. */
const partBytes = 2 ** 16;

/** Appends the records of a batch from an offset on: one that is asked for from its middle comes from its beginning. */
export function readRecords(head: BatchHead, from: number, into: StoredRecord[]): void {
  const bytes = plain(head);
  for (let [at, left] = [0, head.count]; left > 0;) {
    const part = partOf(bytes, at, left);
    const input = new Input(part.bytes);
    for (let count = part.count; count > 0; count -= 1) readRecord(input, head, from, into);
    at += part.bytes.length;
    left -= part.count;
  }
}

function plain({ records, attributes }: BatchHead): Buffer {
  const compression = attributes & isCompressed;
  if (compression === 0) return records;
  const algorithm = compressionsAlgorithmsByBitmask[compression];
  if (algorithm === undefined) throw new RangeError(`nothing is known of compression ${compression}`);
  return algorithm.decompressSync(records);
}

/** Some of the records, whole, in memory that holds little else. */
function partOf(bytes: Buffer, at: number, most: number): { readonly bytes: Buffer; readonly count: number } {
  const input = new Input(bytes, at);
  let [count, end] = [0, at];
  while (count < most) {
    input.skip(input.varint());
    if (count > 0 && input.at - at > partBytes) break;
    count += 1;
    end = input.at;
  }
  const view = bytes.subarray(at, end);
  const isAlone = view.buffer.byteLength <= 2 * Math.max(partBytes, view.length);
  return { bytes: isAlone ? view : Buffer.from(view), count };
}

function readRecord(input: Input, head: BatchHead, from: number, into: StoredRecord[]): void {
  const length = input.varint();
  const end = input.at + length;
  input.int8();
  const madeAt = head.firstAt + input.varint();
  const offset = head.first + input.varint();
  if (offset >= from)
    into.push({
      offset,
      timestamp: (head.attributes & hasAppendTime) === 0 ? madeAt : head.latestAt,
      key: input.varbytes(),
      value: input.varbytes(),
      headers: headersIn(input),
    });
  input.at = end;
}

/** What the last record had for headers, one by one: the next has the same names and many of the same values, mostly. */
const before: { readonly name: string; readonly value: string }[] = [];
const [mostHeaders, mostLength] = [32, 100];

function headersIn(input: Input): StoredRecord["headers"] {
  const headers: (readonly [string, string])[] = [];
  const count = input.varint();
  for (let index = 0; index < count; index += 1) {
    const known = before[index];
    const name = input.varstring(known?.name ?? "");
    const value = input.varstring(known?.value ?? "");
    if (
      (name !== known?.name || value !== known.value) &&
      index < mostHeaders &&
      name.length + value.length < mostLength
    )
      before[index] = { name, value };
    headers.push([name, value]);
  }
  return headers;
}
