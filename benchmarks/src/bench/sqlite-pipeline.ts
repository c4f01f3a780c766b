import { join } from "node:path";
import { connect, topic } from "@waybill/core";
import { startConsumer } from "../consumer.ts";
import type { Figure } from "../figure.ts";
import { inParallel, perSecond } from "../load.ts";
import { oneOrder, order } from "../schemas.ts";
import { scratch } from "../scratch.ts";

const to = topic("order.placed", { schema: order });
const count = 100_000;

/** Published in this process, handled and settled in another, 1 000 publishes in flight, the consumer running from the start. */
export async function measure(): Promise<readonly Figure[]> {
  using directory = scratch();
  const url = `sqlite:${join(directory.path, "bench.db")}`;
  const { consumed } = await startConsumer(url, count);
  await using bus = await connect(url);
  const from = Date.now();
  await inParallel(count, 1_000, () => bus.publish(to, oneOrder));
  const { settledAt, delay } = await consumed;
  const rate = perSecond(count, settledAt - from);
  return [
    {
      what: "SQLite, publish in one process to settled in another",
      unit: "k/s",
      value: rate,
      better: "more",
      goal: 40,
    },
    { what: "event loop delay of that consumer, p99", unit: "ms", value: delay, better: "less", goal: 20 },
  ];
}
