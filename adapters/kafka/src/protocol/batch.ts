import { Buffer } from "node:buffer";
import { crc32c, Writer } from "@platformatic/kafka";
import type { NewRecord, Numbered } from "../driver.ts";
import { attributesAt, crcAt, headLength, isTransactional, recordsAt, version } from "./layout.ts";
import { type Output, sizeOfVarbytes, sizeOfVarint } from "./output.ts";

export interface Batched {
  readonly records: readonly NewRecord[];
  /** Under which number they are stored. */
  readonly as?: Numbered | undefined;
}

/** Records as one batch. */
export class Batch {
  /** In bytes. */
  readonly size: number;
  readonly #batched: Batched;
  /** Of each record, without its own length. */
  readonly #sizes: readonly number[];
  readonly #firstAt: number;

  constructor(batched: Batched) {
    const { records } = batched;
    this.#batched = batched;
    this.#firstAt = records[0]?.timestamp ?? 0;
    this.#sizes = records.map((record, index) => sizeOf(record, record.timestamp - this.#firstAt, index));
    this.size = this.#sizes.reduce((sum, size) => sum + sizeOfVarint(size) + size, recordsAt);
  }

  /** Appends it. */
  write(to: Output): void {
    const { records, as } = this.#batched;
    const start = to.length;
    const latestAt = records.reduce((most, { timestamp }) => Math.max(most, timestamp), this.#firstAt);
    to.int64(0).int32(this.size - headLength);
    to.int32(-1).int8(version).int32(0);
    to.int16(as?.transaction === undefined ? 0 : isTransactional).int32(records.length - 1);
    to.int64(this.#firstAt).int64(latestAt);
    to.int64(as?.producer.id ?? -1).int16(as?.producer.epoch ?? -1);
    to.int32(as?.sequence ?? -1).int32(records.length);
    for (const [index, record] of records.entries()) this.#writeRecord(to, record, index);
    to.uint32At(start + crcAt, crcOf(to.written.subarray(start + attributesAt)));
  }

  #writeRecord(to: Output, { timestamp, key, value, headers }: NewRecord, index: number): void {
    to.varint(this.#sizes[index] ?? 0).int8(0);
    to.varint(timestamp - this.#firstAt).varint(index);
    to.varbytes(key).varbytes(value).varint(headers.length);
    for (const [name, bytes] of headers) to.varbytes(nameOf(name)).varbytes(bytes);
  }
}

function sizeOf({ key, value, headers }: NewRecord, later: number, index: number): number {
  let size = 1 + sizeOfVarint(later) + sizeOfVarint(index) + sizeOfVarbytes(key) + sizeOfVarbytes(value);
  size += sizeOfVarint(headers.length);
  for (const [name, bytes] of headers) size += sizeOfVarbytes(nameOf(name)) + sizeOfVarbytes(bytes);
  return size;
}

/** Few names are used again and again. */
const names = new Map<string, Buffer>();
const mostNames = 100;

function nameOf(name: string): Buffer {
  const known = names.get(name);
  if (known !== undefined) return known;
  const bytes = Buffer.from(name);
  if (names.size < mostNames) names.set(name, bytes);
  return bytes;
}

/** Of bytes alone the client makes a copy first. */
function crcOf(bytes: Buffer): number {
  return crc32c(Writer.create().append(bytes).dynamicBuffer);
}
