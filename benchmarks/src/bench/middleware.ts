import {
  bytes,
  connect,
  correlation,
  idempotency,
  type IdempotencyStore,
  memoryStore,
  type Middleware,
  timeout,
  topic,
} from "@waybill/core";
import type { Figure } from "../figure.ts";
import { cpuEach, inParallel } from "../load.ts";
import { NoCarrier } from "../no-carrier.ts";
import { anything, oneKilobyte } from "../schemas.ts";

const to = topic("order.bytes", { schema: anything, codec: bytes });
const count = 100_000;
const rounds = 5;

/** Lets everybody have everything and keeps nothing. */
const noStore: IdempotencyStore = {
  claim: () => "claimed",
  renew: () => true,
  complete: () => true,
  release: () => undefined,
};

/** What middlewares add to a message's handling, in CPU time; the carrier and the handler do nothing. */
export async function measure(): Promise<readonly Figure[]> {
  let handled = 0;
  // The carrier delivers the same messages again and again; none is to be known as a duplicate.
  const key = (): string => String((handled += 1));
  const three = [idempotency({ store: noStore, key }), timeout("30s"), correlation()];
  const once = idempotency({ store: memoryStore(), key });
  const cost = { none: Infinity, three: Infinity, once: Infinity };
  // By turns and the best of them: the difference of two figures suffers twice from whatever else the machine does.
  for (let round = 0; round < rounds; round += 1) {
    cost.none = Math.min(cost.none, await consume([]));
    cost.three = Math.min(cost.three, await consume(three));
    cost.once = Math.min(cost.once, await consume([once]));
  }
  return [
    {
      what: "idempotency beside its store, timeout and correlation together",
      unit: "µs",
      value: cost.three - cost.none,
      better: "less",
      goal: 1,
    },
    { what: "idempotency with the memory store", unit: "µs", value: cost.once - cost.none, better: "less" },
  ];
}

async function consume(middlewares: readonly Middleware[]): Promise<number> {
  const carrier = new NoCarrier();
  await using bus = await connect("none:", { adapters: [carrier.adapter] });
  for (const middleware of middlewares) bus.use(middleware);
  await bus.subscribe(to, { group: "bench", concurrency: 100 }, () => Promise.resolve());
  await inParallel(1_000, 1_000, () => bus.publish(to, oneKilobyte));
  await carrier.deliver(count / 2);
  return await cpuEach(count, () => carrier.deliver(count));
}
