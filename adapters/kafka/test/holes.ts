import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Adapter } from "@waybill/core";
import { faultProxy } from "@waybill/testing";
import { Kafka, logLevel } from "kafkajs";
import { expect, vi } from "vitest";
import { kafka } from "../src/kafka.ts";
import { sourceTopic } from "../src/names.ts";
import { partitionOf } from "../src/partitioner.ts";
import { declared, letter, rigOn, sent, sourceOf } from "./rig.ts";
import { idsIn, leadersOf, sessionAt } from "./stored.ts";

/*
 * A producer of kafkajs loses messages though `send` resolves: of several partitions sent to at once, where one is tried again, and of
 * several sends at once under one name, where an answer is lost. Here either driver is asked for one partition at a time.
 */

interface Ground {
  /** A broker's own URL. */
  readonly url: string;
  readonly options: object;
  readonly adapter?: Adapter;
}

const queue = sourceOf("q");

/** Answers are lost, and what is confirmed lies in its partition all the same, once and in order. @throws AssertionError */
export async function survivesLostAnswers({ url, options, adapter = kafka }: Ground): Promise<void> {
  const namespace = `t-${randomUUID()}`;
  await using proxy = await faultProxy({ to: url });
  await using rig = await rigOn(proxy.url(url), options, { namespace, adapter });
  await declared(rig, queue);
  const ids = Array.from({ length: 60 }, (_, index) => `m${index}.`);
  const waves = [ids.slice(0, 20), ids.slice(20, 40), ids.slice(40)];
  for (const when of ["m5.", "m30.", "m50."]) {
    const [wave = []] = waves.splice(0, 1);
    const dropped = proxy.dropReply({ when });
    const sending = wave.map((id, index) => sent(rig, queue, letter(id, { key: `k${index % 8}` })));
    await setImmediate();
    const more = sent(rig, queue, letter(`after ${when}`, { key: "k1" }));
    expect((await Promise.all([...sending, more])).flat()).toEqual([...wave, "more"].map(() => "stored"));
    expect(await dropped).toBe(true);
  }
  const stored = await idsIn(url, sourceTopic(namespace, "q"));
  expect(stored.flat().toSorted(), "what was stored").toEqual(
    [...ids, "after m5.", "after m30.", "after m50."].toSorted(),
  );
  for (const lying of stored) {
    const numbered = lying.filter((id) => id.startsWith("m")).map((id) => Number(id.slice(1, -1)));
    expect(numbered).toEqual(numbered.toSorted((one, other) => one - other));
  }
}

/** A partition moves to the broker of another one, to which is sent in the same turn. @throws AssertionError */
export async function survivesAMove({ url, options, adapter = kafka }: Ground): Promise<void> {
  const namespace = `t-${randomUUID()}`;
  const topic = sourceTopic(namespace, "q");
  await using rig = await rigOn(
    url,
    { ...options, tunnel: false, partitions: 2, replication: 1, requestTimeoutMs: 10_000 },
    { namespace, adapter },
  );
  await declared(rig, queue);
  const keys = [0, 1].map((partition) =>
    "abcdefgh".split("").find((key) => partitionOf(Buffer.from(key), 2) === partition),
  );
  const send = async (name: string): Promise<void> => {
    const letters = keys.map((key, partition) => letter(`${name}${partition}`, { key }));
    const results = await rig.transport.send(queue, letters, { deadline: Date.now() + 20_000 });
    expect(results).toEqual(["stored", "stored"]);
  };
  await send("before ");
  await moveTogether(url, topic);
  await send("after ");
  expect(await idsIn(url, topic), "what was stored").toEqual([
    ["before 0", "after 0"],
    ["before 1", "after 1"],
  ]);
}

/** Until the second partition is where the first one is. */
async function moveTogether(url: string, topic: string): Promise<void> {
  await using session = sessionAt(url);
  const [first, second] = await leadersOf(session, topic);
  expect(first).not.toBe(second);
  const admin = new Kafka({ brokers: [new URL(url).host], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const partitionAssignment = [{ partition: 1, replicas: [first ?? -1] }];
  await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
  await admin.disconnect();
  await vi.waitFor(async () => expect(await leadersOf(session, topic)).toEqual([first, first]), { timeout: 20_000 });
}
