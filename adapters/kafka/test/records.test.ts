import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import {
  type CompressionAlgorithmValue,
  createRecordsBatch,
  Reader,
  readRecordsBatches,
  type RecordsBatch,
} from "@platformatic/kafka";
import {
  array,
  assert,
  asyncProperty,
  bigInt,
  constantFrom,
  integer,
  maxSafeInteger,
  option,
  property,
  record,
  string,
  tuple,
  uint8Array,
} from "fast-check";
import { describe, expect, test } from "vitest";
import type { NewRecord, Numbered, StoredRecord } from "../src/driver.ts";
import { Batch } from "../src/protocol/batch.ts";
import { batchesIn } from "../src/protocol/batches.ts";
import { Input } from "../src/protocol/input.ts";
import { headLength, isTransactional, lengthAt } from "../src/protocol/layout.ts";
import { Output, sizeOfVarint } from "../src/protocol/output.ts";
import { readRecords } from "../src/protocol/records.ts";

const bytes = uint8Array().map((one) => Buffer.from(one));
const anything = {
  key: option(bytes, { nil: undefined }),
  value: option(bytes, { nil: undefined }),
  headers: array(tuple(string({ unit: "binary" }).map(wellFormed), bytes), { maxLength: 4 }),
};
const anyRecords = array(record({ ...anything, timestamp: integer({ min: 0, max: 2 ** 45 }) }), { minLength: 1 });
/** Made within some weeks: @platformatic/kafka writes greater differences as others. */
const closeRecords = array(record({ ...anything, timestamp: integer({ min: 2 ** 40, max: 2 ** 40 + 2 ** 31 - 1 }) }), {
  minLength: 1,
});
const anyNumber = record({
  producer: record({ id: bigInt({ min: 0n, max: 2n ** 40n }), epoch: integer({ min: 0, max: 2 ** 15 - 1 }) }),
  sequence: integer({ min: 0, max: 2 ** 31 - 1 }),
});

function wellFormed(text: string): string {
  return text.toWellFormed();
}

function written(records: readonly NewRecord[], as?: Numbered): Buffer {
  const batch = new Batch({ records, as });
  const to = new Output(batch.size);
  batch.write(to);
  expect(to.length).toBe(batch.size);
  return to.written;
}

function read(all: Buffer, from = 0): readonly StoredRecord[] {
  const records: StoredRecord[] = [];
  for (const batch of batchesIn(all)) readRecords(batch, from, records);
  return records;
}

function stored(records: readonly NewRecord[]): readonly StoredRecord[] {
  return records.map((one, offset) => ({ ...one, headers: one.headers.map(asText), offset }));
}

function asText([name, value]: readonly [string, Uint8Array]): readonly [string, string] {
  return [name, Buffer.from(value).toString()];
}

/** The same with another first offset, which no checksum is of. */
function movedTo(offset: number, batch: Buffer): Buffer {
  const moved = Buffer.from(batch);
  moved.writeBigInt64BE(BigInt(offset));
  return moved;
}

/** What of kafkajs reads a batch, whose headers are an object. */
interface Kafkajs {
  readonly Decoder: new (from: Buffer) => object;
  readonly readBatch: (from: object) => Promise<{
    readonly producerId: string;
    readonly producerEpoch: number;
    readonly firstSequence: number;
    readonly inTransaction: boolean;
    readonly records: readonly {
      readonly offset: string;
      readonly timestamp: string;
      readonly key: Buffer | null;
      readonly value: Buffer | null;
      readonly headers: Readonly<Record<string, Buffer>>;
    }[];
  }>;
  readonly crc32C: (of: Buffer) => number;
}

function kafkajs(): Kafkajs {
  const require = createRequire(import.meta.url);
  return {
    Decoder: require("kafkajs/src/protocol/decoder") as Kafkajs["Decoder"],
    readBatch: require("kafkajs/src/protocol/recordBatch/v0/decoder") as Kafkajs["readBatch"],
    crc32C: require("kafkajs/src/protocol/recordBatch/crc32C") as Kafkajs["crc32C"],
  };
}

function asStored({ firstOffset, firstTimestamp, records }: RecordsBatch): readonly StoredRecord[] {
  return records.map(({ offsetDelta, timestampDelta, key, value, headers }) => ({
    offset: Number(firstOffset) + offsetDelta,
    timestamp: Number(firstTimestamp + timestampDelta),
    key: key ?? undefined,
    value: value ?? undefined,
    headers: headers.map(([name, of]) => asText([String(name), of ?? Buffer.alloc(0)])),
  }));
}

describe("numbers", () => {
  test("of any size come back, and take as much as was said", () => {
    assert(
      property(maxSafeInteger(), (number) => {
        // One bit tells the sign, and there is no zero below zero.
        const value = Math.trunc(number / 2) + 0;
        const to = new Output(10).varint(value);
        expect(to.length).toBe(sizeOfVarint(value));
        expect(new Input(to.written).varint()).toBe(value);
      }),
    );
  });

  test("that are cut off are no numbers", () => {
    expect(() => new Input(Buffer.from([0x80])).varint()).toThrow(RangeError);
    expect(() => new Input(Buffer.from([8, 1, 2])).varbytes()).toThrow(RangeError);
  });
});

describe("a batch", () => {
  test("comes back exactly, from any offset on", () => {
    assert(
      property(anyRecords, integer({ min: 0, max: 12 }), (records, from) => {
        expect(read(written(records), from)).toEqual(stored(records).slice(from));
      }),
    );
  });

  test("that is larger than what is kept together comes back exactly, and keeps little alive", () => {
    const records = Array.from({ length: 500 }, (_, index) => ({
      key: undefined,
      value: Buffer.alloc(index === 250 ? 300_000 : 1_000, index),
      headers: [["h", Buffer.from("1")]] as const,
      timestamp: 5,
    }));
    const all = read(written(records));
    expect(all).toEqual(stored(records));
    for (const { value } of all) expect(value?.buffer.byteLength).toBeLessThan(2 ** 16 + 100 + (value?.length ?? 0));
  });

  test("is read by @platformatic/kafka as it was written", () => {
    assert(
      property(anyRecords, anyNumber, (records, as) => {
        const [batch] = readRecordsBatches(Reader.from(written(records, as)));
        expect(batch).toMatchObject({
          producerId: as.producer.id,
          producerEpoch: as.producer.epoch,
          firstSequence: as.sequence,
          attributes: 0,
          lastOffsetDelta: records.length - 1,
          maxTimestamp: BigInt(Math.max(...records.map(({ timestamp }) => timestamp))),
        });
        expect(batch === undefined ? [] : asStored(batch)).toEqual(stored(records));
      }),
    );
  });

  test("is read by kafkajs as it was written, and has the checksum that it would have given it", async () => {
    const { Decoder, readBatch, crc32C } = kafkajs();
    await assert(
      asyncProperty(anyRecords, anyNumber, async (records, as) => {
        const batch = written(records, { ...as, transaction: "x" });
        expect(batch.readUInt32BE(17)).toBe(crc32C(batch.subarray(21)));
        const found = await readBatch(new Decoder(batch));
        expect(found).toMatchObject({
          producerId: String(as.producer.id),
          producerEpoch: as.producer.epoch,
          firstSequence: as.sequence,
          inTransaction: true,
        });
        expect(
          found.records.map(({ offset, timestamp, key, value }) => ({
            offset: Number(offset),
            timestamp: Number(timestamp),
            key: key ?? undefined,
            value: value ?? undefined,
          })),
        ).toEqual(stored(records).map(({ offset, timestamp, key, value }) => ({ offset, timestamp, key, value })));
      }),
    );
  });

  test("of others is read as they wrote it, compressed too", () => {
    const compressions = ["none", "gzip", "snappy", "lz4", "zstd"] satisfies CompressionAlgorithmValue[];
    assert(
      property(
        closeRecords,
        constantFrom(...compressions),
        integer({ min: 0, max: 2 ** 40 }),
        (records, compression, first) => {
          const messages = records.map(({ key, value, headers, timestamp }) => ({
            topic: "t",
            ...(key !== undefined && { key }),
            value: (value ?? null) as Buffer,
            headers: new Map(headers.map(([name, of]) => [Buffer.from(name), of])),
            timestamp: BigInt(timestamp),
          }));
          const batch = createRecordsBatch(messages, { compression, transactionalId: "t" }).buffer;
          const [head] = batchesIn(movedTo(first, batch));
          expect((head?.attributes ?? 0) & isTransactional).not.toBe(0);
          expect(head?.next).toBe(first + records.length);
          expect(read(movedTo(first, batch))).toEqual(
            stored(records).map(({ offset, ...rest }) => ({ ...rest, offset: first + offset })),
          );
        },
      ),
    );
  });

  test("that is cut off is left out", () => {
    const whole = written([{ key: undefined, value: Buffer.from("a"), headers: [], timestamp: 1 }]);
    for (const more of [0, 1, 8, 60, whole.length - 1])
      expect(batchesIn(Buffer.concat([whole, whole.subarray(0, more)])).length).toBe(1);
    expect(batchesIn(Buffer.concat([whole, whole])).length).toBe(2);
  });

  test("whose length is none is refused, and not read for ever", () => {
    for (const length of [-(2 ** 31), -headLength, 0, 4]) {
      const broken = Buffer.from(written([{ key: undefined, value: Buffer.from("a"), headers: [], timestamp: 1 }]));
      broken.writeInt32BE(length, lengthAt);
      expect(() => batchesIn(broken)).toThrow(RangeError);
    }
  });
});
