import { byTurns } from "../by-turns.ts";
import type { Figure } from "../figure.ts";
import { startKafka } from "../kafka-server.ts";
import { perSecond, timed } from "../load.ts";
import { handled, openBus, publishOrders } from "../orders.ts";
import { Moleculer } from "../peer/moleculer.ts";
import { NestJsKafka } from "../peer/nestjs-kafka.ts";

const count = 10_000;
const turns = 3;
const inFlight = 1_000;

/** The same orders to a topic of Kafka, through us and through each of two others: 1 000 in flight, then a backlog for one consumer. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startKafka();
  await using bus = await openBus(server.url);
  await using nestjs = await NestJsKafka.open(server.url);
  await using moleculer = await Moleculer.open(server.url);
  const rates = await byTurns(turns, {
    oursOut: async () => perSecond(count, await timed(() => publishOrders(bus, count, inFlight))),
    oursIn: async () => perSecond(count, await handled(bus, count)),
    nestOut: async () => perSecond(count, await timed(() => nestjs.publish(count, inFlight))),
    nestIn: async () => perSecond(count, await nestjs.drained(count)),
    moleculerOut: async () => perSecond(count, await timed(() => moleculer.publish(count, inFlight))),
    moleculerIn: async () => perSecond(count, await moleculer.drained(count)),
  });
  const rate = (what: string, value: number): Figure => ({ what, unit: "k/s", value, better: "more" });
  const against = (what: string, value: number): Figure => ({ what, unit: "ratio", value, better: "more", goal: 1 });
  return [
    rate("NestJS, publish to Kafka, 1 000 in flight", rates.nestOut),
    rate("moleculer-channels, the same", rates.moleculerOut),
    against("Kafka publish against the better of them", rates.oursOut / Math.max(rates.nestOut, rates.moleculerOut)),
    rate("NestJS, a backlog handled", rates.nestIn),
    rate("moleculer-channels, the same", rates.moleculerIn),
    against(
      "Kafka, a backlog handled against the better of them",
      rates.oursIn / Math.max(rates.nestIn, rates.moleculerIn),
    ),
  ];
}
