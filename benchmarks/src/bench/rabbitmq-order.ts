import { keys, ratioInOrder } from "../by-key.ts";
import type { Figure } from "../figure.ts";
import { startRabbitmq } from "../rabbitmq-server.ts";

/** A backlog on RabbitMQ in order by key, in its eight shards, against one without order. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startRabbitmq();
  return [
    {
      what: `RabbitMQ, a backlog of ${keys} keys handled in order, against unordered`,
      unit: "ratio",
      value: await ratioInOrder(server.url),
      better: "more",
      goal: 0.6,
    },
  ];
}
