import { afterAll, describe, expect, test } from "vitest";
import { orSkip, startBroker } from "../../src/index.ts";
import { sqs } from "../../src/brokers/servers/sqs.ts";
import { expectControls } from "./expect-controls.ts";

const brokers = {
  elasticmq: await orSkip(startBroker("sqs", { sources: ["native"], server: "elasticmq" })),
  fauxqs: await orSkip(startBroker("sqs", { sources: ["native"], server: "fauxqs" })),
};
afterAll(() => Promise.all([brokers.elasticmq?.stop(), brokers.fauxqs?.stop()]));

describe.each(Object.entries(brokers))("an SQS server, %s", (_name, broker) => {
  test.skipIf(broker === undefined)(
    "keeps its messages when it is killed, and goes through all of the controls",
    async () => {
      expect(broker?.url).toMatch(/^sqs:\/\/us-east-1\?endpoint=http:\/\/127\.0\.0\.1:\d+$/);
      const endpoint = new URL(broker?.url ?? "").searchParams.get("endpoint") ?? "";
      const { QueueUrl } = await ask(endpoint, "CreateQueue", { QueueName: "orders" });
      await ask(endpoint, "SendMessage", { QueueUrl, MessageBody: "kept" });
      await broker?.kill();
      await broker?.restart();
      expect(await ask(endpoint, "ReceiveMessage", { QueueUrl })).toMatchObject({ Messages: [{ Body: "kept" }] });
      await expectControls(broker, sqs.probe);
    },
    120_000,
  );
});

/** One call of the JSON protocol; an emulator wants no more than the looks of a signature. */
async function ask(endpoint: string, action: string, input: object): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AmazonSQS.${action}`,
      authorization:
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify(input),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Readonly<Record<string, unknown>>;
}
