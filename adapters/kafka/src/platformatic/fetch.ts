import {
  type Connection,
  fetchV12,
  IS_CONTROL,
  protocolErrorsCodesById,
  type RecordsBatch,
  ResponseError,
} from "@platformatic/kafka";
import type { FetchAsk, Fetched, StoredRecord } from "../driver.ts";
import { byTopic } from "../groups.ts";

type Response = Awaited<ReturnType<typeof fetchV12.api.async>>;
type Answer = Response["responses"][number]["partitions"][number];

const readCommitted = 1;
const isTransactional = 16;

/** One fetch from one broker; what partitions answer with an error is among what it gives. */
export async function fetchFrom(
  connection: Connection,
  asks: readonly FetchAsk[],
  { waitMs, maxBytes }: { readonly waitMs: number; readonly maxBytes: number },
): Promise<readonly Fetched[]> {
  const topics = byTopic(asks, (ask) => ({
    partition: ask.partition,
    currentLeaderEpoch: -1,
    fetchOffset: BigInt(ask.offset),
    lastFetchedEpoch: -1,
    partitionMaxBytes: ask.maxBytes,
  })).map(({ name, partitions }) => ({ topicId: name, partitions }));
  const response = await fetchV12.api
    .async(connection, waitMs, 1, maxBytes, readCommitted, 0, -1, topics, [], "")
    .catch(partly);
  const offsets = new Map(asks.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  return response.responses.flatMap(({ topicId: topic, partitions }) =>
    partitions.map((answer) => fetchedFrom(topic, answer, offsets.get(`${topic}/${answer.partitionIndex}`) ?? 0)),
  );
}

/** The answer of those partitions that have one, where others have none. */
function partly(thrown: unknown): Response {
  if (thrown instanceof ResponseError) {
    const { response } = thrown as unknown as { readonly response: Response };
    if (response.errorCode === 0) return response;
  }
  throw thrown;
}

function fetchedFrom(topic: string, answer: Answer, asked: number): Fetched {
  const { partitionIndex: partition, errorCode, lastStableOffset, logStartOffset } = answer;
  const error = errorCode === 0 ? undefined : nameOf(errorCode);
  const common = { topic, partition, error, end: Number(lastStableOffset), start: Number(logStartOffset) };
  const records: StoredRecord[] = [];
  let next = asked;
  const aborted = abortedIn(answer);
  for (const batch of answer.records ?? []) {
    next = Math.max(next, Number(batch.firstOffset) + batch.lastOffsetDelta + 1);
    if ((batch.attributes & IS_CONTROL) !== 0) {
      aborted.ended(batch);
      continue;
    }
    if (!aborted.has(batch)) collect(batch, asked, records);
  }
  return { ...common, records, next };
}

function collect(batch: RecordsBatch, from: number, into: StoredRecord[]): void {
  const [first, at] = [Number(batch.firstOffset), Number(batch.firstTimestamp)];
  const appendTime = (batch.attributes & 8) === 0 ? undefined : Number(batch.maxTimestamp);
  for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
    const offset = first + offsetDelta;
    // A batch is read from its beginning, though only its end is new.
    if (offset < from) continue;
    into.push({
      offset,
      timestamp: appendTime ?? at + Number(timestampDelta),
      key: key ?? undefined,
      value: value ?? undefined,
      headers: headers.map(([name, bytes]) => [name?.toString() ?? "", bytes ?? nothing] as const),
    });
  }
}

const nothing = Buffer.alloc(0);

/** Which batches belong to transactions that were given up: those of a producer from its first one on, until its marker. */
function abortedIn({ abortedTransactions }: Answer): {
  readonly has: (batch: RecordsBatch) => boolean;
  readonly ended: (marker: RecordsBatch) => void;
} {
  const waiting = [...(abortedTransactions ?? [])].sort((one, other) => Number(one.firstOffset - other.firstOffset));
  const current = new Set<bigint>();
  return {
    has({ producerId, firstOffset, attributes }) {
      while (waiting[0] !== undefined && waiting[0].firstOffset <= firstOffset) {
        const [begun] = waiting.splice(0, 1);
        if (begun !== undefined) current.add(begun.producerId);
      }
      return (attributes & isTransactional) !== 0 && current.has(producerId);
    },
    ended({ producerId }) {
      current.delete(producerId);
    },
  };
}

function nameOf(code: number): string {
  return (protocolErrorsCodesById as Readonly<Record<number, string>>)[code] ?? `ERROR_${code}`;
}
