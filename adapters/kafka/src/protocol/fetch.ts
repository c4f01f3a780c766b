import type { Buffer } from "node:buffer";
import { DriverError, type FetchAsk, type Fetched, type StoredRecord } from "../driver.ts";
import { byTopic } from "../groups.ts";
import { type BatchHead, batchesIn } from "./batches.ts";
import type { Exchange } from "./exchange.ts";
import { Input } from "./input.ts";
import { isControl, isTransactional } from "./layout.ts";
import { Output } from "./output.ts";
import { readRecords } from "./records.ts";
import { reasonOf } from "./reasons.ts";

interface Bounds {
  readonly waitMs: number;
  readonly maxBytes: number;
}

/** A transaction that was given up: whose, and its first offset. */
interface Aborted {
  readonly producerId: number;
  readonly first: number;
}

const committedOnly = 1;
const [askLength, partitionLength] = [64, 28];

/** A fetch from one broker; what partitions answer with an error is among what it gives. */
export function fetchOf(asks: readonly FetchAsk[], bounds: Bounds): Exchange<readonly Fetched[]> {
  const offsets = new Map(asks.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  return {
    key: 1,
    version: 11,
    name: "Fetch",
    body: bodyOf(asks, bounds),
    read: (answer) => readAnswer(new Input(answer), offsets),
  };
}

function bodyOf(asks: readonly FetchAsk[], { waitMs, maxBytes }: Bounds): Buffer {
  const topics = byTopic(asks, (ask) => ask);
  const size = topics.reduce((sum, { name }) => sum + 6 + 3 * name.length, askLength + asks.length * partitionLength);
  const to = new Output(size);
  to.int32(-1).int32(waitMs).int32(1).int32(maxBytes).int8(committedOnly);
  // No session of fetches.
  to.int32(0).int32(-1);
  to.int32(topics.length);
  for (const { name, partitions } of topics) {
    to.string(name).int32(partitions.length);
    for (const { partition, offset, maxBytes: most } of partitions)
      to.int32(partition).int32(-1).int64(offset).int64(-1).int32(most);
  }
  return to.int32(0).string("").written;
}

function readAnswer(from: Input, offsets: ReadonlyMap<string, number>): readonly Fetched[] {
  from.int32();
  const errorCode = from.int16();
  if (errorCode !== 0)
    throw new DriverError("refused", reasonOf(errorCode), `a fetch is answered ${reasonOf(errorCode)}`);
  from.int32();
  return from
    .array(() => {
      const topic = from.string() ?? "";
      return from.array(() => readPartition(topic, from, offsets));
    })
    .flat();
}

function readPartition(topic: string, from: Input, offsets: ReadonlyMap<string, number>): Fetched {
  const partition = from.int32();
  const errorCode = from.int16();
  from.int64();
  const [end, start] = [from.int64(), from.int64()];
  const aborted = from.array(() => ({ producerId: from.int64(), first: from.int64() }));
  from.int32();
  const length = from.int32();
  const batches = batchesIn(from.raw(Math.max(length, 0)));
  const asked = offsets.get(`${topic}/${partition}`) ?? 0;
  const error = errorCode === 0 ? undefined : reasonOf(errorCode);
  return { topic, partition, error, end, start, ...recordsOf(batches, aborted, asked) };
}

/** All from an offset on that is neither a marker nor of a transaction that was given up. */
function recordsOf(
  batches: readonly BatchHead[],
  all: readonly Aborted[],
  asked: number,
): Pick<Fetched, "records" | "next"> {
  const records: StoredRecord[] = [];
  const waiting = all.toSorted((one, other) => one.first - other.first);
  const aborted = new Set<number>();
  let next = asked;
  for (const batch of batches) {
    next = Math.max(next, batch.next);
    for (; waiting[0] !== undefined && waiting[0].first <= batch.first; waiting.shift())
      aborted.add(waiting[0].producerId);
    // Until its marker all of the producer is of that transaction.
    if ((batch.attributes & isControl) !== 0) aborted.delete(batch.producerId);
    else if ((batch.attributes & isTransactional) === 0 || !aborted.has(batch.producerId))
      readRecords(batch, asked, records);
  }
  return { records, next };
}
