import { afterAll, expect, test } from "vitest";
import { orSkip, startBroker } from "../../src/index.ts";
import { kafka } from "../../src/brokers/servers/kafka.ts";
import { expectControls } from "./expect-controls.ts";

const broker = await orSkip(startBroker("kafka", { sources: ["native"] }));
afterAll(() => broker?.stop());

test.skipIf(broker === undefined)(
  "a Kafka broker tells what it understands, and goes through all of the controls",
  async () => {
    expect(broker?.url).toMatch(/^kafka:\/\/127\.0\.0\.1:\d+$/);
    expect(broker?.version).toMatch(/^\d+\.\d+\.\d+$/);
    await expectControls(broker, kafka.probe);
  },
  120_000,
);
