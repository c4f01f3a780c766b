import { randomUUID } from "node:crypto";
import { connect, queue } from "@waybill/core";
import { unchecked } from "@waybill/test-servers";
import { kafkaTool } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { kafka } from "../src/kafka.ts";
import { sourceTopic } from "../src/names.ts";
import { eventually } from "./rig.ts";
import { withServer } from "./server.ts";

/* Kafka's own console tools read what we have published, and what they write is read. */

const { broker, missing } = await withServer({ sources: ["native"] });
afterAll(() => broker.stop());

interface Order {
  readonly orderId: string;
}

const orders = queue("orders", {
  schema: unchecked<Order>(),
  key: ({ orderId }) => orderId,
  decoder: ({ headers, body }) =>
    headers["content-type"] === undefined && headers["ce_specversion"] === undefined
      ? { data: { orderId: body.toString() } }
      : undefined,
});

const bootstrap = ["--bootstrap-server", new URL(broker.url).host];

/** The records of a topic of one partition as lines: headers, key and value. */
async function consumed(topic: string, count: number): Promise<readonly string[][]> {
  const shown = ["print.headers=true", "print.key=true"].flatMap((property) => ["--formatter-property", property]);
  const what = ["--topic", topic, "--partition", "0", "--offset", "earliest", "--max-messages", `${count}`];
  const text = await kafkaTool("org.apache.kafka.tools.consumer.ConsoleConsumer", [...bootstrap, ...what, ...shown]);
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"));
}

/** Writes lines of headers, key and value. */
async function produced(topic: string, lines: readonly string[]): Promise<void> {
  const read = ["parse.headers=true", "parse.key=true", "headers.key.separator==", "null.marker=NULL"];
  const options = read.flatMap((property) => ["--reader-property", property]);
  const args = [...bootstrap, "--topic", topic, ...options];
  await kafkaTool("org.apache.kafka.tools.ConsoleProducer", args, `${lines.join("\n")}\n`);
}

describe.skipIf(missing).each(["platformatic", "kafkajs"])("by %s", (driver) => {
  test("the console consumer shows what we have published: CloudEvents by their headers, under their key", async () => {
    const namespace = `t-${randomUUID()}`;
    await using bus = await connect(broker.url, { adapters: [kafka], namespace, options: { driver, partitions: 1 } });
    await bus.send(orders, { orderId: "o-1" }, { headers: { tenant: "acme" } });
    const [[headers = "", key, value = ""] = []] = await consumed(sourceTopic(namespace, "orders"), 1);
    expect(headers.split(",")).toEqual(
      expect.arrayContaining(["content-type:application/cloudevents+json", "tenant:acme"]),
    );
    expect(key).toBe("o-1");
    expect(JSON.parse(value)).toMatchObject({
      specversion: "1.0",
      type: "orders",
      partitionkey: "o-1",
      data: { orderId: "o-1" },
    });
  });

  test("what the console producer writes is read: CloudEvents of both modes, and what is none by a decoder", async () => {
    const namespace = `t-${randomUUID()}`;
    await using bus = await connect(broker.url, { adapters: [kafka], namespace, options: { driver, partitions: 1 } });
    const read: object[] = [];
    await bus.work(orders, {}, ({ id, key, type, data, headers }) => void read.push({ id, key, type, data, headers }));
    const event = { specversion: "1.0", id: "e-1", source: "/console", type: "orders", data: { orderId: "o-1" } };
    const binary = { ce_specversion: "1.0", ce_id: "e-2", ce_source: "/console", ce_type: "orders" };
    await produced(sourceTopic(namespace, "orders"), [
      `content-type=application/cloudevents+json\to-1\t${JSON.stringify(event)}`,
      `${headersOf({ ...binary, "content-type": "application/json" })}\to-2\t{"orderId":"o-2"}`,
      "tenant=acme\tNULL\to-3",
    ]);
    await eventually(() => expect(read).toHaveLength(3));
    expect(read).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: "e-1", key: "o-1", type: "orders", data: { orderId: "o-1" } }),
        expect.objectContaining({ id: "e-2", key: "o-2", type: "orders", data: { orderId: "o-2" } }),
        expect.objectContaining({
          key: undefined,
          type: "orders",
          data: { orderId: "o-3" },
          headers: { tenant: "acme" },
        }),
      ]),
    );
  });
});

function headersOf(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}
