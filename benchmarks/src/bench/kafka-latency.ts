import { type Figure, median } from "../figure.ts";
import { type Client, figuresOfEach, openKafka, openRaw } from "../kafka-clients.ts";
import { perSecond, timed } from "../load.ts";
import { publishOrders } from "../orders.ts";

const rounds = 50;
const each = 50;
const [places, atOnce] = [100, 1_000];

/**
 * One awaited publish at a time on Kafka, against one awaited send of the same client, and a hundred places of a program that each
 * await one, against such sends one by one; by turns.
 */
export function measure(): Promise<readonly Figure[]> {
  return figuresOfEach(by);
}

async function by(url: string, client: Client): Promise<readonly Figure[]> {
  await using bus = await openKafka(url, client);
  await using raw = await openRaw(url, client);
  const ours: number[] = [];
  const byHand: number[] = [];
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    if (round === 1) ours.length = byHand.length = rates.length = 0;
    for (let index = 0; index < each; index += 1) ours.push(await timed(() => publishOrders(bus, 1, 1)));
    for (let index = 0; index < each; index += 1) byHand.push(await timed(() => raw.publishOne()));
    rates.push(perSecond(atOnce, await timed(() => publishOrders(bus, atOnce, places))));
  }
  const mean = byHand.reduce((sum, one) => sum + one, 0) / byHand.length;
  return [
    { what: `Kafka, one awaited publish with ${client}, p50`, unit: "ms", value: median(ours), better: "less" },
    {
      what: "the same above one awaited send by hand",
      unit: "ms",
      value: median(ours) - median(byHand),
      better: "less",
      goal: 0.3,
    },
    { what: `Kafka, a publish awaited in each of ${places} places`, unit: "k/s", value: median(rates), better: "more" },
    {
      what: "the same against sends by hand, one awaited after the other",
      unit: "ratio",
      value: median(rates) / perSecond(1, mean),
      better: "more",
      goal: 10,
    },
  ];
}
