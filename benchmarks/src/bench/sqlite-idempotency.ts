import { join } from "node:path";
import { connect, idempotency, type Middleware, topic } from "@waybill/core";
import { sqliteStore } from "@waybill/sqlite";
import type { Figure } from "../figure.ts";
import { inParallel, perSecond, timed } from "../load.ts";
import { oneOrder, order } from "../schemas.ts";
import { scratch } from "../scratch.ts";

const to = topic("order.placed", { schema: order });
const count = 50_000;

/** A backlog handled and settled in one process, with and without idempotency, its records in the bus's own file. */
export async function measure(): Promise<readonly Figure[]> {
  const off = await rate(false);
  const on = await rate(true);
  return [
    { what: "SQLite, a backlog handled", unit: "k/s", value: off, better: "more" },
    { what: "the same with idempotency in the same file", unit: "k/s", value: on, better: "more" },
    { what: "with idempotency against without", unit: "ratio", value: on / off, better: "more", goal: 0.5 },
  ];
}

async function rate(once: boolean): Promise<number> {
  using directory = scratch();
  const file = join(directory.path, "bench.db");
  await using store = await sqliteStore(file);
  await using bus = await connect(`sqlite:${file}`);
  bus.use(once ? idempotency({ store }) : nothing);
  const all = Promise.withResolvers<void>();
  let handled = 0;
  const consumer = await bus.subscribe(to, { group: "bench", concurrency: 1_000 }, () => {
    handled += 1;
    if (handled === count) all.resolve();
  });
  consumer.pause();
  await inParallel(count, 1_000, () => bus.publish(to, oneOrder));
  return perSecond(
    count,
    await timed(async () => {
      consumer.resume();
      await all.promise;
      await consumer.close();
    }),
  );
}

const nothing: Middleware = { name: "nothing" };
