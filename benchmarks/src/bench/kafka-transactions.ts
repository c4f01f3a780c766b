import type { Bus } from "@waybill/core";
import { byTurns } from "../by-turns.ts";
import { type Figure, median } from "../figure.ts";
import { startKafka } from "../kafka-server.ts";
import { perSecond, timed } from "../load.ts";
import { oneOrder } from "../schemas.ts";
import { openBus, publishOrders } from "../orders.ts";
import { orders, orderWork } from "../topics.ts";

const count = 20_000;
const turns = 3;
const rounds = 200;

/** A backlog on Kafka of which each handler sends one message on, and the way of one alone, in transactions and without. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startKafka();
  await using plain = await openBus(server.url);
  await using exact = await openBus(`${server.url}?transactions=true`);
  const rates = await byTurns(turns, { plain: () => piped(plain), exact: () => piped(exact) });
  const alone = { plain: await passed(plain), exact: await passed(exact) };
  return [
    { what: "Kafka, a backlog handled, each sends one on", unit: "k/s", value: rates.plain, better: "more" },
    { what: "the same in transactions", unit: "k/s", value: rates.exact, better: "more" },
    { what: "Kafka, published to handled to sent on to handled, p50", unit: "ms", value: alone.plain, better: "less" },
    { what: "the same in a transaction", unit: "ms", value: alone.exact, better: "less" },
  ];
}

async function piped(bus: Bus): Promise<number> {
  await publishOrders(bus, count, 1_000);
  const all = Promise.withResolvers<void>();
  let handled = 0;
  const ms = await timed(async () => {
    const consumer = await bus.subscribe(orders, { group: "bench", concurrency: 100 }, async ({ send }) => {
      await send(orderWork, oneOrder);
      handled += 1;
      if (handled === count) all.resolve();
    });
    await all.promise;
    await consumer.close();
  });
  await bus.inbox(orderWork).seek("now");
  return perSecond(count, ms);
}

async function passed(bus: Bus): Promise<number> {
  let arrived: () => void = () => undefined;
  const last = await bus.work(orderWork, {}, () => arrived());
  const first = await bus.subscribe(orders, { group: "bench" }, ({ send }) => send(orderWork, oneOrder));
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    arrived = resolve;
    times.push(await timed(() => Promise.all([bus.publish(orders, oneOrder), promise])));
  }
  await Promise.all([first.close(), last.close()]);
  return median(times);
}
