import { median, type Figure } from "../figure.ts";
import { timed } from "../load.ts";
import { openBus, publishOrders } from "../orders.ts";
import { RawRedis } from "../raw/redis.ts";
import { startRedis } from "../redis-server.ts";

const rounds = 50;
const each = 100;

/** One awaited publish at a time on Redis, against one awaited XADD of the same JSON, by turns of a hundred. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startRedis();
  await using bus = await openBus(server.url);
  using raw = new RawRedis(server.url);
  await raw.clear();
  const ours: number[] = [];
  const byHand: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    if (round === 1) ours.length = byHand.length = 0;
    for (let index = 0; index < each; index += 1) ours.push(await timed(() => publishOrders(bus, 1, 1)));
    for (let index = 0; index < each; index += 1) byHand.push(await timed(() => raw.publishOne()));
  }
  return [
    { what: "Redis, one awaited publish, p50", unit: "ms", value: median(ours), better: "less" },
    {
      what: "the same above an awaited XADD",
      unit: "ms",
      value: median(ours) - median(byHand),
      better: "less",
      goal: 0.2,
    },
  ];
}
