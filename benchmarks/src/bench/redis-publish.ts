import { byTurns } from "../by-turns.ts";
import { delayDuring } from "../event-loop.ts";
import type { Figure } from "../figure.ts";
import { perSecond, timed } from "../load.ts";
import { openBus, publishOrders } from "../orders.ts";
import { RawRedis } from "../raw/redis.ts";
import { startRedis } from "../redis-server.ts";

const count = 30_000;
const turns = 5;
const inFlight = 1_000;

/** Publishing to one group on Redis with 1 000 in flight, against ioredis by hand. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startRedis();
  await using bus = await openBus(server.url);
  using raw = new RawRedis(server.url);
  await raw.clear();
  const rate = async (work: () => Promise<void>): Promise<number> => perSecond(count, await timed(work));
  const { ours, script, pipeline, each } = await byTurns(turns, {
    ours: () => rate(() => publishOrders(bus, count, inFlight)),
    script: () => rate(() => raw.publishByScript(count, inFlight)),
    pipeline: () => rate(() => raw.publishByPipeline(count, inFlight)),
    each: () => rate(() => raw.publishEach(count, inFlight)),
  });
  const delay = await delayDuring(() => publishOrders(bus, count, inFlight));
  return [
    { what: "Redis publish, 1 000 in flight", unit: "k/s", value: ours, better: "more" },
    { what: "hand-written ioredis, a script a batch", unit: "k/s", value: script, better: "more" },
    { what: "hand-written ioredis, a pipeline a batch", unit: "k/s", value: pipeline, better: "more" },
    { what: "hand-written ioredis, a script a batch, a promise a message", unit: "k/s", value: each, better: "more" },
    { what: "Redis publish against that", unit: "ratio", value: ours / each, better: "more" },
    {
      what: "Redis publish against the faster of scripts and pipelines",
      unit: "ratio",
      value: ours / Math.max(script, pipeline),
      better: "more",
      goal: 0.9,
    },
    { what: "event loop delay while publishing to Redis, p99", unit: "ms", value: delay, better: "less", goal: 20 },
  ];
}
