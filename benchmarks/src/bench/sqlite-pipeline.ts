import { join } from "node:path";
import { connect } from "@waybill/core";
import { type Consumed, startConsumer } from "../consumer.ts";
import type { Figure } from "../figure.ts";
import { inParallel, perSecond } from "../load.ts";
import { oneOrder } from "../schemas.ts";
import { scratch } from "../scratch.ts";
import { orders, ordersByKey } from "../topics.ts";

const count = 100_000;
const keys = 1_000;

/** Published in this process, handled and settled in another, 1 000 publishes in flight, the consumer running from the start. */
export async function measure(): Promise<readonly Figure[]> {
  const unordered = await run("unordered");
  const ordered = await run("ordered");
  return [
    {
      what: "SQLite, publish in one process to settled in another",
      unit: "k/s",
      value: unordered.rate,
      better: "more",
      goal: 40,
    },
    {
      what: "event loop delay of that consumer, p99",
      unit: "ms",
      value: unordered.consumed.delay,
      better: "less",
      goal: 20,
    },
    {
      what: `the same on an ordered topic with ${keys} keys, against unordered`,
      unit: "ratio",
      value: ordered.rate / unordered.rate,
      better: "more",
      goal: 0.7,
    },
  ];
}

async function run(which: "ordered" | "unordered"): Promise<{ readonly rate: number; readonly consumed: Consumed }> {
  using directory = scratch();
  const url = `sqlite:${join(directory.path, "bench.db")}`;
  const { consumed } = await startConsumer(url, count, which);
  await using bus = await connect(url);
  const from = Date.now();
  await inParallel(count, 1_000, (index) => {
    if (which === "unordered") return bus.publish(orders, oneOrder);
    return bus.publish(ordersByKey, { ...oneOrder, customerId: `c-${index % keys}` });
  });
  const result = await consumed;
  return { rate: perSecond(count, result.settledAt - from), consumed: result };
}
