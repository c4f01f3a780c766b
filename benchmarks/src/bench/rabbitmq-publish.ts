import { byTurns } from "../by-turns.ts";
import { delayDuring } from "../event-loop.ts";
import type { Figure } from "../figure.ts";
import { perSecond, timed } from "../load.ts";
import { emptied, openBus, publishOrders, sendOrders } from "../orders.ts";
import { startRabbitmq } from "../rabbitmq-server.ts";
import { RawRabbitmq } from "../raw/rabbitmq.ts";

const count = 20_000;
const turns = 5;
const inFlight = 1_000;

/** Publishing to RabbitMQ with 1 000 in flight, to a queue and to a topic with one group, against amqplib by hand. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startRabbitmq();
  await using bus = await openBus(server.url);
  await using raw = await RawRabbitmq.open(server.url);
  // What was published is removed, since a long queue would hold up the next turn.
  const rate = async (publish: () => Promise<void>, empty: () => Promise<void>): Promise<number> => {
    const took = await timed(publish);
    await empty();
    return perSecond(count, took);
  };
  await raw.clear();
  const { topic, rawTopic, each, queue, rawQueue } = await byTurns(turns, {
    topic: () =>
      rate(
        () => publishOrders(bus, count, inFlight),
        () => emptied(bus),
      ),
    rawTopic: () =>
      rate(
        () => raw.publishToTopic(count, inFlight),
        () => raw.clear(),
      ),
    each: () =>
      rate(
        () => raw.publishEach(count, inFlight),
        () => raw.clear(),
      ),
    queue: () =>
      rate(
        () => sendOrders(bus, count, inFlight),
        () => emptied(bus),
      ),
    rawQueue: () =>
      rate(
        () => raw.publishToQueue(count, inFlight),
        () => raw.clear(),
      ),
  });
  const delay = await delayDuring(() => publishOrders(bus, count, inFlight));
  const against = (what: string, ours: number, byHand: number, goal?: number): Figure => {
    return { what, unit: "ratio", value: ours / byHand, better: "more", goal };
  };
  return [
    { what: "RabbitMQ publish to a queue, 1 000 in flight", unit: "k/s", value: queue, better: "more" },
    { what: "hand-written amqplib, a window of confirms", unit: "k/s", value: rawQueue, better: "more" },
    against("RabbitMQ publish to a queue against hand-written", queue, rawQueue, 0.95),
    { what: "RabbitMQ publish to a topic with one group, 1 000 in flight", unit: "k/s", value: topic, better: "more" },
    { what: "hand-written amqplib, by a topic exchange", unit: "k/s", value: rawTopic, better: "more" },
    { what: "the same, a promise a message", unit: "k/s", value: each, better: "more" },
    against("RabbitMQ publish to a topic against the faster of these", topic, Math.max(rawTopic, each), 0.85),
    { what: "event loop delay while publishing to RabbitMQ, p99", unit: "ms", value: delay, better: "less", goal: 20 },
  ];
}
