import { median, type Figure } from "../figure.ts";
import { timed } from "../load.ts";
import { openBus, publishOrders } from "../orders.ts";
import { startRabbitmq } from "../rabbitmq-server.ts";
import { RawRabbitmq } from "../raw/rabbitmq.ts";

const rounds = 50;
const each = 50;

/** One awaited publish at a time on RabbitMQ, against one confirmed publish of the same JSON, by turns of fifty. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startRabbitmq();
  await using bus = await openBus(server.url);
  await using raw = await RawRabbitmq.open(server.url);
  await raw.clear();
  const ours: number[] = [];
  const byHand: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    if (round === 1) ours.length = byHand.length = 0;
    for (let index = 0; index < each; index += 1) ours.push(await timed(() => publishOrders(bus, 1, 1)));
    for (let index = 0; index < each; index += 1) byHand.push(await timed(() => raw.publishEach(1, 1)));
  }
  return [
    { what: "RabbitMQ, one awaited publish, p50", unit: "ms", value: median(ours), better: "less" },
    {
      what: "the same above one of amqplib",
      unit: "ms",
      value: median(ours) - median(byHand),
      better: "less",
      goal: 0.2,
    },
  ];
}
