import { Buffer } from "node:buffer";
import type { FetchAsk, Fetched, StoredRecord } from "../driver.ts";
import type { Client, ReadBatch, Reader, ReadRecord } from "./client.ts";
import { nameOf } from "./errors.ts";

export interface Answer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly end: number;
  readonly start: number;
  readonly aborted: readonly { readonly producerId: string; readonly firstOffset: number }[];
  readonly batches: readonly ReadBatch[];
}

/** So many bytes stand before the records of a batch, without its offset and length. */
const overhead = 49;

/**
 * An answer to a fetch, version 11. The client's own reader leaves out batches without records, behind which nobody would come, and
 * fails for all partitions where one has failed.
 */
export async function readAnswers({ Decoder, readBatch }: Client, raw: Buffer): Promise<readonly Answer[]> {
  const all = new Decoder(raw);
  all.readInt32();
  const errorCode = all.readInt16();
  all.readInt32();
  const batchesIn = async (bytes: Buffer): Promise<readonly ReadBatch[]> => {
    const from = new Decoder(bytes);
    const batches: ReadBatch[] = [];
    while (from.canReadBytes(overhead)) {
      const batch = await readBatch(from).catch(cutOff);
      if (batch === undefined) break;
      batches.push(batch);
    }
    return batches;
  };
  const topics = await all.readArrayAsync(async (of) => {
    const topic = of.readString();
    return of.readArrayAsync(async (from): Promise<Answer> => {
      const head = headOf(topic, from, errorCode);
      const length = from.readInt32();
      return { ...head, batches: length <= 0 ? [] : await batchesIn(from.readBytes(length)) };
    });
  });
  return topics.flat();
}

function headOf(topic: string, from: Reader, errorCode: number): Omit<Answer, "batches"> {
  const partition = from.readInt32();
  const own = from.readInt16();
  from.readInt64();
  const [end, start] = [Number(from.readInt64()), Number(from.readInt64())];
  const aborted = from.readArray((one) => ({
    producerId: one.readInt64().toString(),
    firstOffset: Number(one.readInt64()),
  }));
  from.readInt32();
  return { topic, partition, errorCode: own === 0 ? errorCode : own, end, start, aborted };
}

/** What is larger than what was asked for is cut off. */
function cutOff(thrown: unknown): undefined {
  if (thrown instanceof Error && thrown.name === "KafkaJSPartialMessageError") return undefined;
  throw thrown;
}

/** What a partition has answered. */
export function fetchedFrom(client: Client, answer: Answer, { offset: asked }: Pick<FetchAsk, "offset">): Fetched {
  const { topic, partition, errorCode, end, start, batches } = answer;
  const error = errorCode === 0 ? undefined : nameOf(client, errorCode);
  const records: StoredRecord[] = [];
  let next = asked;
  const waiting = answer.aborted.toSorted((one, other) => one.firstOffset - other.firstOffset);
  const aborted = new Set<string>();
  for (const batch of batches) {
    const first = Number(batch.firstOffset);
    next = Math.max(next, first + batch.lastOffsetDelta + 1);
    while (waiting[0] !== undefined && waiting[0].firstOffset <= first) aborted.add(waiting.shift()?.producerId ?? "");
    if (batch.isControlBatch) aborted.delete(batch.producerId);
    else if (!batch.inTransaction || !aborted.has(batch.producerId))
      // A batch is read from its beginning, though only its end is new.
      for (const record of batch.records) if (Number(record.offset) >= asked) records.push(storedFrom(record));
  }
  return { topic, partition, error, end, start, records, next };
}

function storedFrom({ offset, timestamp, key, value, headers }: ReadRecord): StoredRecord {
  return {
    offset: Number(offset),
    timestamp: Number(timestamp),
    key: key ?? undefined,
    value: value ?? undefined,
    headers: Object.entries(headers).flatMap(([name, values]) =>
      // Beside a name such as `constructor` the client puts what every object has of it.
      [values]
        .flat()
        .filter((bytes) => bytes === null || Buffer.isBuffer(bytes))
        .map((bytes) => [name, bytes ?? nothing] as const),
    ),
  };
}

const nothing = Buffer.alloc(0);
