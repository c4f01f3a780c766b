import { Buffer } from "node:buffer";
import { type Connection, NumericMap, produceV9 } from "@platformatic/kafka";
import type { NewRecord, Numbered, Partition } from "../driver.ts";

interface Wanted extends Partition {
  readonly records: readonly NewRecord[];
  readonly as: Numbered | undefined;
  readonly timeoutMs: number;
}

/** Stores records in one partition, acknowledged by all in-sync replicas; gives the offset of the first. */
export async function produceTo(connection: Connection, wanted: Wanted): Promise<number> {
  const { topic, partition, records, as, timeoutMs } = wanted;
  const messages = records.map(({ key, value, headers, timestamp }) => ({
    topic,
    partition,
    timestamp: BigInt(timestamp),
    headers: new Map(headers.map(([name, bytes]) => [nameOf(name), bufferOf(bytes)])),
    ...(key !== undefined && { key: bufferOf(key) }),
    // The types know no tombstones.
    value: (value === undefined ? null : bufferOf(value)) as Buffer,
  }));
  const response = await produceV9.api.async(
    connection,
    -1,
    timeoutMs,
    messages,
    numbered(as, `${topic}:${partition}`),
  );
  if (typeof response === "boolean") return -1;
  return Number(response.responses[0]?.partitionResponses[0]?.baseOffset ?? -1);
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

function numbered(as: Numbered | undefined, key: string): NonNullable<Parameters<typeof produceV9.api.async>[4]> {
  if (as === undefined) return {};
  const sequences = new NumericMap();
  sequences.set(key, as.sequence);
  return { producerId: as.producer.id, producerEpoch: as.producer.epoch, sequences };
}

export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
