import { startBroker, startKafkaCluster } from "@waybill/testing";
import { describe, expect, test } from "vitest";
import { kafkaBy } from "../src/kafka.ts";
import { survivesAMove, survivesLostAnswers } from "./holes.ts";
import { apart, storing, together } from "./kafkajs-producer.ts";

/* The holes of kafkajs, brought back: its own producer stores, and what is tested elsewhere to be kept has to be missed. */

describe("mutants of kafka that bring back the holes of kafkajs", { timeout: 120_000 }, () => {
  test("lost answers catch one that sends several at once under one name", async () => {
    await using broker = await startBroker("kafka");
    const ground = { url: broker.url, options: { partitions: 1 }, adapter: kafkaBy(storing(apart)) };
    await expect(survivesLostAnswers(ground)).rejects.toThrow("what was stored");
  });

  test("a move catches one that sends to several partitions at once", async () => {
    await using cluster = await startKafkaCluster({ nodes: 2 });
    const ground = { url: cluster.nodes[0]?.url ?? "", options: {}, adapter: kafkaBy(storing(together)) };
    await expect(survivesAMove(ground)).rejects.toThrow("what was stored");
  });
});
