import { costAbove } from "../backlog.ts";
import type { Figure } from "../figure.ts";
import { startKafka } from "../kafka-server.ts";
import { costInPattern } from "../wildcard.ts";

const [few, many] = [1_000, 1_000_000];
const topics = 200;
const count = 50_000;

/** What handling and settling a message of 1 kB costs on Kafka, in CPU time of client and server, while many more wait, and where many topics have it. */
export async function measure(): Promise<readonly Figure[]> {
  const little = await costAbove(startKafka, count, few);
  const much = await costAbove(startKafka, count, many);
  const one = await costInPattern(startKafka, count, 1);
  const spread = await costInPattern(startKafka, count, topics);
  return [
    {
      what: "Kafka, CPU time of a message handled and settled, client and server",
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
      what: `the same of a pattern that ${topics} topics fit, against 1`,
      unit: "ratio",
      value: spread / one,
      better: "less",
      goal: 1.5,
    },
  ];
}
