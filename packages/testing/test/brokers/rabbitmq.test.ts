import { afterAll, expect, test } from "vitest";
import { orSkip, startBroker } from "../../src/index.ts";
import { rabbitmq } from "../../src/brokers/servers/rabbitmq.ts";
import { expectControls } from "./expect-controls.ts";

const broker = await orSkip(startBroker("rabbitmq", { sources: ["native"] }));
afterAll(() => broker?.stop());

test.skipIf(broker === undefined)(
  "a RabbitMQ server greets in AMQP, and goes through all of the controls",
  async () => {
    expect(broker?.url).toMatch(/^amqp:\/\/guest:guest@127\.0\.0\.1:\d+$/);
    expect(broker?.version).toMatch(/^\d+\.\d+\.\d+$/);
    await expectControls(broker, rabbitmq.probe);
  },
  120_000,
);
