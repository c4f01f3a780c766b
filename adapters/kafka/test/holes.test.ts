import { afterAll, describe, expect, test } from "vitest";
import { survivesLostAnswers } from "./holes.ts";
import { withServer } from "./server.ts";

const { broker, missing } = await withServer();
afterAll(() => broker.stop());

describe.skipIf(missing).each(["platformatic", "kafkajs"])("by %s", (driver) => {
  test.each([1, 4])(
    "what is confirmed lies in its partition of %s, once and in order, though answers are lost",
    async (partitions) => {
      await expect(survivesLostAnswers({ url: broker.url, options: { driver, partitions } })).resolves.toBeUndefined();
    },
  );
});
