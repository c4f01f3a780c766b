import type { Figure } from "../figure.ts";
import { costOf, type Layout } from "../layout.ts";
import { startRabbitmq } from "../rabbitmq-server.ts";

const count = 50_000;
const groups = 200;

/** What a delivered message costs from publish to settled, in CPU time of client and server, where a topic has many groups. */
export async function measure(): Promise<readonly Figure[]> {
  const cost = (layout: Layout): Promise<number> => costOf(layout, count, startRabbitmq);
  const plain: Layout = { topics: 1, groups: 1, used: 1, inFlight: 1_000 };
  await cost(plain);
  const one = await cost(plain);
  const copied = await cost({ ...plain, groups });
  return [
    {
      what: "RabbitMQ, CPU time of a message from publish to settled, client and server",
      unit: "µs",
      value: one,
      better: "less",
    },
    {
      what: `the same for each of a topic's ${groups} groups, against 1`,
      unit: "ratio",
      value: copied / one,
      better: "less",
      goal: 1.5,
    },
  ];
}
