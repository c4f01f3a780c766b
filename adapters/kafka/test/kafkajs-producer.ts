import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { setImmediate } from "node:timers/promises";
import { Kafka, logLevel, type Message, type Producer } from "kafkajs";
import type { Driver, NewRecord, Partition } from "../src/driver.ts";
import { kafkajsDriver } from "../src/kafkajs/driver.ts";
import type { Settings } from "../src/url.ts";

/** How that producer is given what is to be stored in a partition. */
type Way = (producer: Producer, to: Partition, records: readonly NewRecord[]) => Promise<unknown>;

/** Drivers that store by kafkajs's own producer, idempotent, which resolves though it has lost something. */
export function storing(wayOf: () => Way): (settings: Settings) => Driver {
  return (settings) => {
    const driver = kafkajsDriver(settings);
    return {
      session(timeoutMs) {
        const session = driver.session(timeoutMs);
        const [produce, close, way] = [session.produce.bind(session), session.close.bind(session), wayOf()];
        let connecting: Promise<Producer> | undefined;
        return Object.assign(session, {
          async produce(...[node, to, records, as]: Parameters<typeof produce>) {
            if (as === undefined) return produce(node, to, records);
            await way(await (connecting ??= connected(settings)), to, records);
            return 0;
          },
          async close() {
            await Promise.all([close(), connecting?.then((producer) => producer.disconnect())]);
          },
        });
      },
    };
  };
}

/** All partitions that are to be stored to in one turn go in one send. */
export function together(): Way {
  let gathered: { readonly topic: string; readonly messages: Message[] }[] = [];
  let sending: Promise<unknown> | undefined;
  return (producer, { topic, partition }, records) => {
    gathered.push({ topic, messages: records.map((record) => messageOf(record, partition)) });
    return (sending ??= setImmediate().then(() => {
      const topicMessages = gathered;
      [gathered, sending] = [[], undefined];
      return producer.sendBatch({ topicMessages });
    }));
  };
}

/** Each record goes in a send of its own, all at once. */
export function apart(): Way {
  return (producer, { topic, partition }, records) =>
    Promise.all(records.map((record) => producer.send({ topic, messages: [messageOf(record, partition)] })));
}

async function connected({ seeds, tunnel: isTunnel }: Settings): Promise<Producer> {
  const client = new Kafka({
    brokers: seeds.map(({ host, port }) => `${host}:${port}`),
    logLevel: logLevel.NOTHING,
    socketFactory: ({ host, port, onConnect }) => connect({ host, port, ...(isTunnel && seeds[0]) }, onConnect),
  });
  const producer = client.producer({ idempotent: true });
  await producer.connect();
  return producer;
}

function messageOf({ key, value, headers, timestamp }: NewRecord, partition: number): Message {
  return {
    partition,
    key: key === undefined ? null : Buffer.from(key),
    value: value === undefined ? null : Buffer.from(value),
    headers: Object.fromEntries(headers.map(([name, bytes]) => [name, Buffer.from(bytes)])),
    timestamp: `${timestamp}`,
  };
}
