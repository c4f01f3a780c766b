import { keys, ratioInOrder } from "../by-key.ts";
import type { Figure } from "../figure.ts";
import { startKafka } from "../kafka-server.ts";

/** A backlog on Kafka in order by key, against one without order. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startKafka();
  return [
    {
      what: `Kafka, a backlog of ${keys} keys handled in order, against unordered`,
      unit: "ratio",
      value: await ratioInOrder(server.url),
      better: "more",
      goal: 0.7,
    },
  ];
}
