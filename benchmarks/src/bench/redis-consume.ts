import { byTurns } from "../by-turns.ts";
import { delayDuring } from "../event-loop.ts";
import type { Figure } from "../figure.ts";
import { handledBy, perSecond } from "../load.ts";
import { drained, openBus, publishOrders } from "../orders.ts";
import { RawRedis } from "../raw/redis.ts";
import { startRedis } from "../redis-server.ts";

const count = 30_000;
const turns = 5;

/** A backlog on Redis handled and settled by a consumer with a schema and three middlewares, against ioredis by hand with neither. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startRedis();
  await using bus = await openBus(server.url);
  using raw = new RawRedis(server.url);
  const fill = (): Promise<void> => publishOrders(bus, count, 1_000);
  const rates = await byTurns(turns, {
    ours: async () => perSecond(count, await drained(bus, count, fill)),
    raw: () => byHand(raw),
  });
  await fill();
  const delay = await delayDuring(() => drained(bus, count, () => Promise.resolve()));
  return [
    { what: "Redis, a backlog handled", unit: "k/s", value: rates.ours, better: "more" },
    { what: "hand-written ioredis, 200 a read", unit: "k/s", value: rates.raw, better: "more" },
    {
      what: "Redis, a backlog handled against hand-written",
      unit: "ratio",
      value: rates.ours / rates.raw,
      better: "more",
      goal: 0.9,
    },
    { what: "event loop delay while consuming from Redis, p99", unit: "ms", value: delay, better: "less", goal: 20 },
  ];
}

async function byHand(raw: RawRedis): Promise<number> {
  await raw.clear();
  await raw.publishByScript(count, 1_000);
  return perSecond(count, await handledBy(raw, count));
}
