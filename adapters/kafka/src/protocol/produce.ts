import { DriverError, type NewRecord, type Numbered, type Partition } from "../driver.ts";
import { Batch } from "./batch.ts";
import type { Exchange } from "./exchange.ts";
import { Input } from "./input.ts";
import { Output } from "./output.ts";
import { reasonOf } from "./reasons.ts";

export interface Storing extends Partition {
  readonly records: readonly NewRecord[];
  readonly as?: Numbered | undefined;
  readonly timeoutMs: number;
}

const bodyLength = 64;
const byAllReplicas = -1;

/** Stores records in one partition, acknowledged by all in-sync replicas; gives the offset of the first. */
export function produceOf({ topic, partition, records, as, timeoutMs }: Storing): Exchange<number> {
  const batch = new Batch({ records, as });
  const transaction = as?.transaction ?? null;
  const to = new Output(bodyLength + 3 * (topic.length + (transaction?.length ?? 0)) + batch.size);
  to.string(transaction).int16(byAllReplicas).int32(timeoutMs);
  to.int32(1).string(topic).int32(1).int32(partition).int32(batch.size);
  batch.write(to);
  return {
    key: 0,
    version: 8,
    name: "Produce",
    body: to.written,
    read: (answer) => storedIn(new Input(answer), topic),
  };
}

function storedIn(from: Input, asked: string): number {
  const [stored] = from
    .array(() => {
      from.string();
      return from.array(() => {
        from.int32();
        const [errorCode, first] = [from.int16(), from.int64()];
        from.skip(8 + 8);
        const reasons = from.array(() => {
          from.int32();
          return from.string();
        });
        return { errorCode, first, said: from.string() ?? reasons.find((reason) => reason !== undefined) };
      });
    })
    .flat();
  if (stored === undefined) throw new DriverError("lost", "NO_ANSWER", `the answer says nothing of ${asked}`);
  const { errorCode, first, said } = stored;
  if (errorCode === 0) return first;
  const reason = reasonOf(errorCode);
  throw new DriverError(
    "refused",
    reason,
    `${asked} answers ${reason}${said === undefined ? "" : `: ${said.slice(0, 300)}`}`,
  );
}
