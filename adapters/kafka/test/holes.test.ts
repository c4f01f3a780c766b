import { startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { survivesLostAnswers } from "./holes.ts";

const broker = await startBroker("kafka");
afterAll(() => broker.stop());

describe.each(["platformatic", "kafkajs"])("by %s", (driver) => {
  test.each([1, 4])(
    "what is confirmed lies in its partition of %s, once and in order, though answers are lost",
    async (partitions) => {
      await expect(survivesLostAnswers({ url: broker.url, options: { driver, partitions } })).resolves.toBeUndefined();
    },
  );
});
