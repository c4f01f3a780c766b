import { byTurns } from "../by-turns.ts";
import type { Figure } from "../figure.ts";
import { perSecond, timed } from "../load.ts";
import { openBus, sendOrders, worked } from "../orders.ts";
import { NestJs } from "../peer/nestjs.ts";
import type { Peer } from "../peer/peer.ts";
import { RabbitmqClient } from "../peer/rabbitmq-client.ts";
import { Rascal } from "../peer/rascal.ts";
import { startRabbitmq } from "../rabbitmq-server.ts";

const count = 15_000;
const turns = 5;
const inFlight = 1_000;

/** The same orders to a queue, through us and through each of three others: 1 000 in flight, then a backlog for one consumer. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startRabbitmq();
  await using bus = await openBus(server.url);
  await using client = new RabbitmqClient(server.url);
  await using rascal = await Rascal.open(server.url);
  await using nestjs = await NestJs.open(server.url);
  const publishing = (peer: Peer) => async (): Promise<number> =>
    perSecond(count, await timed(() => peer.publish(count, inFlight)));
  const consuming = (peer: Peer) => async (): Promise<number> => perSecond(count, await peer.drained(count));
  const rates = await byTurns(turns, {
    oursOut: async () => perSecond(count, await timed(() => sendOrders(bus, count, inFlight))),
    oursIn: async () => perSecond(count, await worked(bus, count)),
    clientOut: publishing(client),
    clientIn: consuming(client),
    rascalOut: publishing(rascal),
    rascalIn: consuming(rascal),
    nestOut: publishing(nestjs),
    nestIn: consuming(nestjs),
  });
  const rate = (what: string, value: number): Figure => ({ what, unit: "k/s", value, better: "more" });
  const against = (what: string, value: number, goal: number): Figure => {
    return { what, unit: "ratio", value, better: "more", goal };
  };
  return [
    rate("rabbitmq-client, confirmed publish, 1 000 in flight", rates.clientOut),
    rate("rascal, the same", rates.rascalOut),
    rate("NestJS, the same", rates.nestOut),
    against(
      "RabbitMQ publish to a queue against the best of them",
      rates.oursOut / Math.max(rates.clientOut, rates.rascalOut, rates.nestOut),
      2,
    ),
    rate("rabbitmq-client, a backlog handled", rates.clientIn),
    rate("rascal, the same", rates.rascalIn),
    rate("NestJS, the same", rates.nestIn),
    against(
      "RabbitMQ, a queue's backlog handled against the best of them",
      rates.oursIn / Math.max(rates.clientIn, rates.rascalIn, rates.nestIn),
      1,
    ),
  ];
}
