import { costAbove } from "../backlog.ts";
import { cpuOfBoth } from "../counted-server.ts";
import type { Figure } from "../figure.ts";
import { startRabbitmq } from "../rabbitmq-server.ts";
import { RawRabbitmq } from "../raw/rabbitmq.ts";

const [few, many] = [1_000, 1_000_000];
const count = 50_000;

/**
 * What handling and settling a message of 1 kB costs, in CPU time of client and server, while many more wait, against few; and the same
 * by hand, which tells what of it is the server's.
 */
export async function measure(): Promise<readonly Figure[]> {
  // Once for nothing, so that what is compiled meanwhile is not counted.
  await costAbove(startRabbitmq, count, few);
  const little = await costAbove(startRabbitmq, count, few);
  const much = await costAbove(startRabbitmq, count, many);
  const littleByHand = await byHand(few);
  const muchByHand = await byHand(many);
  return [
    {
      what: "RabbitMQ, CPU time of a message handled and settled, client and server",
      unit: "µs",
      value: little,
      better: "less",
    },
    {
      what: "the same while 1 000 000 more wait, against 1 000",
      unit: "ratio",
      value: much / little,
      better: "less",
      goal: 1.5,
    },
    {
      what: "by hand, while 1 000 000 more wait, against 1 000",
      unit: "ratio",
      value: muchByHand / littleByHand,
      better: "less",
    },
  ];
}

async function byHand(waiting: number): Promise<number> {
  await using server = await startRabbitmq();
  await using raw = await RawRabbitmq.open(server.url);
  await raw.clear();
  await raw.publishToTopic(count + waiting, 1_000);
  return await cpuOfBoth(server, count, () => raw.consume(count, () => undefined));
}
