import { Buffer } from "node:buffer";
import { GetQueueUrlCommand, type MessageAttributeValue, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { queueNames } from "../src/names.ts";
import { inboxOf, letter, Member, rigOn, soon, sourceOf } from "./rig.ts";

const broker = await orSkip(startBroker("sqs", { sources: ["native"], server: "fauxqs", keeps: false }));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
const url = broker?.url ?? "";
const client = new SQSClient({
  region: "us-east-1",
  endpoint: new URL(url === "" ? "sqs://r?endpoint=http://localhost" : url).searchParams.get("endpoint") ?? "",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});
afterAll(async () => {
  client.destroy();
  await broker?.stop();
});

const queue = sourceOf("orders");

async function sendTo(
  namespace: string,
  MessageBody: string,
  MessageAttributes: Record<string, MessageAttributeValue>,
): Promise<void> {
  const [QueueName] = queueNames(namespace, inboxOf(queue));
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName }));
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
}

describe.skipIf(broker === undefined)("a message of somebody else's", () => {
  test("has its own body, and its attributes as headers, also more than the ten that SQS takes today (INT-1)", async () => {
    const namespace = "foreign-many";
    await using rig = await rigOn(url, {}, { namespace });
    await rig.transport.declare([queue]);
    const names = Array.from({ length: 11 }, (_, index) => `name-${index}`);
    const attributes = names.map((name) => [name, { DataType: "String", StringValue: `of ${name}` }] as const);
    await sendTo(namespace, "<order/>", Object.fromEntries(attributes));
    await using member = await Member.of(rig, inboxOf(queue));
    await member.hasSome(1);
    const [{ body, headers, malformed } = { body: Buffer.of(), headers: {}, malformed: "nothing came" }] = member.got;
    expect([Buffer.from(body).toString(), malformed]).toEqual(["<order/>", undefined]);
    expect(headers).toEqual(Object.fromEntries(names.map((name) => [name, `of ${name}`])));
    expect(await member.settleAll()).toEqual(["settled"]);
  });

  test("that claims to be ours and is not is malformed, and kept as it came (DLQ-3)", async () => {
    const namespace = "foreign-claim";
    await using rig = await rigOn(url, {}, { namespace });
    await rig.transport.declare([queue]);
    await sendTo(namespace, "what it is", { waybill: { DataType: "String", StringValue: "{" } });
    await sendTo(namespace, "what it is", { waybill: { DataType: "Binary", BinaryValue: Buffer.of(1, 2, 3) } });
    await using member = await Member.of(rig, inboxOf(queue));
    await member.hasSome(2);
    for (const { malformed, body } of member.got) {
      expect(malformed).toMatch(/waybill/);
      expect(Buffer.from(body).toString()).toBe("what it is");
    }
    const results = await member.receiver.settle(
      member.got.map((delivery) => ({ delivery, outcome: "dead", note: { why: "malformed" } })),
    );
    expect(results).toEqual(["settled", "settled"]);
    expect((await rig.transport.depth(inboxOf(queue))).dead).toBe(2);
  });
});

describe.skipIf(broker === undefined)("what XML refuses", () => {
  test("comes through unharmed, in a body, a header, a key and an id (PUB-4)", async () => {
    await using rig = await rigOn(url);
    const odd = "\u0000\u0001\u000B\u001F\u007F\u0085\uD800\uFFFE\uFFFF😀]]><";
    const wellFormed = odd.toWellFormed();
    await rig.transport.declare([queue]);
    const sent = letter(odd, { key: odd, headers: { [odd]: odd }, body: Buffer.from(wellFormed) });
    expect(await rig.transport.send(queue, [sent], soon())).toEqual(["stored"]);
    await using member = await Member.of(rig, inboxOf(queue));
    await member.hasSome(1);
    const [got] = member.got;
    expect(got).toMatchObject({ id: odd, key: odd, headers: { [odd]: odd } });
    expect(Buffer.from(got?.body ?? []).toString()).toBe(wellFormed);
  });
});
