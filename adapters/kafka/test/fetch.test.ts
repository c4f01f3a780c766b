import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { DriverError, type Fetched } from "../src/driver.ts";
import { Batch } from "../src/protocol/batch.ts";
import { fetchOf } from "../src/protocol/fetch.ts";
import { attributesAt, isControl, isTransactional } from "../src/protocol/layout.ts";
import { Output } from "../src/protocol/output.ts";
import { produceOf } from "../src/protocol/produce.ts";

/** A batch of one record in the log. */
interface Logged {
  readonly value: string;
  readonly producer?: number;
  readonly isMarker?: boolean;
}

function logged({ value, producer = -1, isMarker = false }: Logged, offset: number): Buffer {
  const record = { key: undefined, value: Buffer.from(value), headers: [], timestamp: 1 };
  const isPart = producer >= 0;
  const as = { producer: { id: BigInt(producer), epoch: 0 }, sequence: 0, ...(isPart && { transaction: "x" }) };
  const batch = new Batch({ records: [record], as });
  const to = new Output(batch.size);
  batch.write(to);
  to.written.writeBigInt64BE(BigInt(offset));
  if (isMarker) to.written.writeInt16BE(isTransactional | isControl, attributesAt);
  return to.written;
}

interface Said {
  readonly topError?: number;
  readonly error?: number;
  readonly aborted?: readonly (readonly [producer: number, first: number])[];
  readonly log?: Buffer;
}

function answerOf({ topError = 0, error = 0, aborted = [], log = Buffer.alloc(0) }: Said): Buffer {
  const to = new Output(1_000 + log.length);
  to.int32(0).int16(topError).int32(0);
  if (topError !== 0) return to.int32(0).written;
  to.int32(1).string("t").int32(1).int32(3).int16(error);
  to.int64(20).int64(19).int64(2);
  to.int32(aborted.length === 0 ? -1 : aborted.length);
  for (const [producer, first] of aborted) to.int64(producer).int64(first);
  return to.int32(-1).int32(log.length).raw(log).written;
}

function fetched(said: Said, offset = 0): Fetched | undefined {
  const asks = [{ topic: "t", partition: 3, offset, maxBytes: 1 }];
  return fetchOf(asks, { waitMs: 1, maxBytes: 1 }).read(answerOf(said))[0];
}

function values(found: Fetched | undefined): readonly (string | undefined)[] | undefined {
  return found?.records.map(({ value }) => value?.toString());
}

describe("a fetch", () => {
  test("tells of each partition where it begins and ends, and what it answers instead", () => {
    const place = { topic: "t", partition: 3, start: 2, end: 19, records: [] };
    expect(fetched({}, 7)).toEqual({ ...place, error: undefined, next: 7 });
    expect(fetched({ error: 1 }, 7)).toEqual({ ...place, error: "OFFSET_OUT_OF_RANGE", next: 7 });
    expect(fetched({ error: 30_000 }, 7)?.error).toBe("ERROR_30000");
    expect(() => fetched({ topError: 70 })).toThrow(DriverError);
  });

  test("leaves out what was given up, and the marks of it, and goes on behind them", () => {
    const log: readonly Logged[] = [
      { value: "before", producer: 7 },
      { value: "given up", producer: 7 },
      { value: "another's", producer: 8 },
      { value: "nobody's" },
      { value: "mark", producer: 7, isMarker: true },
      { value: "after", producer: 7 },
      { value: "mark", producer: 8, isMarker: true },
      { value: "again given up", producer: 7 },
      { value: "mark", producer: 7, isMarker: true },
    ];
    const aborted = [
      [7, 17],
      [7, 11],
    ] as const;
    const found = fetched({ aborted, log: Buffer.concat(log.map((one, index) => logged(one, 10 + index))) }, 10);
    expect(values(found)).toEqual(["before", "another's", "nobody's", "after"]);
    expect(found?.next).toBe(19);
  });

  test("goes on behind a batch of which nothing is left", () => {
    const empty = new Batch({ records: [] });
    const to = new Output(empty.size);
    empty.write(to);
    to.written.writeBigInt64BE(12n);
    to.written.writeInt32BE(4, attributesAt + 2);
    expect(fetched({ log: to.written }, 10)).toMatchObject({ records: [], next: 17 });
  });
});

describe("a store", () => {
  const request = produceOf({ topic: "t", partition: 3, records: [], timeoutMs: 1 });

  function answer(errorCode: number, said: string | null): Buffer {
    const to = new Output(200);
    to.int32(1).string("t").int32(1).int32(3).int16(errorCode);
    to.int64(41).int64(-1).int64(0);
    to.int32(1).int32(0).string("a record's reason").string(said);
    return to.int32(0).written;
  }

  test("gives the offset of the first, or what the broker has against it", () => {
    expect(request.read(answer(0, null))).toBe(41);
    expect(() => request.read(answer(87, null))).toThrow("t answers INVALID_RECORD: a record's reason");
    expect(() => request.read(answer(87, "no"))).toThrow("t answers INVALID_RECORD: no");
    expect(() => request.read(Buffer.alloc(8))).toThrow("the answer says nothing of t");
  });
});
