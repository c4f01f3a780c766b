import { byTurns } from "../by-turns.ts";
import type { Figure } from "../figure.ts";
import { perSecond, timed } from "../load.ts";
import { drained, openBus, publishOrders } from "../orders.ts";
import { BullMq } from "../peer/bullmq.ts";
import { startRedis } from "../redis-server.ts";

const count = 20_000;
const turns = 3;
const inFlight = 1_000;

/** The same orders through us and through BullMQ, to the same server; 1 000 in flight, then a backlog for one worker. */
export async function measure(): Promise<readonly Figure[]> {
  const publish = await publishing();
  const consume = await consuming();
  const against = (what: string, value: number): Figure => ({ what, unit: "ratio", value, better: "more", goal: 4 });
  return [
    { what: "BullMQ addBulk, 1 000 in flight", unit: "k/s", value: publish.bullmq, better: "more" },
    against("Redis publish against BullMQ", publish.ours / publish.bullmq),
    { what: "BullMQ worker, a backlog handled", unit: "k/s", value: consume.bullmq, better: "more" },
    against("Redis, a backlog handled against BullMQ", consume.ours / consume.bullmq),
  ];
}

interface Rates {
  readonly ours: number;
  readonly bullmq: number;
}

async function publishing(): Promise<Rates> {
  await using server = await startRedis();
  await using bus = await openBus(server.url);
  await using bullmq = new BullMq(server.url);
  return await byTurns(turns, {
    ours: async () => perSecond(count, await timed(() => publishOrders(bus, count, inFlight))),
    bullmq: async () => perSecond(count, await timed(() => bullmq.publish(count, inFlight))),
  });
}

async function consuming(): Promise<Rates> {
  await using server = await startRedis();
  await using bus = await openBus(server.url);
  await using bullmq = new BullMq(server.url);
  return await byTurns(turns, {
    ours: async () => perSecond(count, await drained(bus, count, () => publishOrders(bus, count, inFlight))),
    bullmq: async () => {
      await bullmq.publish(count, inFlight);
      return perSecond(count, await bullmq.drained(count));
    },
  });
}
