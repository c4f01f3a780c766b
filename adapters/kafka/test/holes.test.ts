import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { systemClock } from "@waybill/core";
import { faultProxy, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { Cluster } from "../src/cluster.ts";
import { sourceTopic } from "../src/names.ts";
import { platformaticDriver } from "../src/platformatic/driver.ts";
import { settingsOf } from "../src/url.ts";
import { messageOf } from "../src/wire.ts";
import { declared, letter, rigOn, sent, sourceOf } from "./rig.ts";

/*
 * A producer of kafkajs loses messages though `send` resolves: of several partitions sent to at once, where one is tried again, and of
 * several sends at once under one name, where an answer is lost. Here either driver is asked for one partition at a time.
 */

const broker = await startBroker("kafka");
const settings = settingsOf(new URL(broker.url), {});
const session = platformaticDriver(settings).session(10_000);
const cluster = new Cluster(session, systemClock, settings.refreshMs);
afterAll(async () => {
  await session.close();
  await broker.stop();
});

/** The ids of what lies in a topic, partition by partition. */
async function idsIn(topic: string): Promise<readonly (readonly string[])[]> {
  const partitions = (await cluster.partitionsOf(topic)) ?? [];
  return Promise.all(
    partitions.map(async (_, partition) => {
      const ask = { topic, partition, offset: 0, maxBytes: 1_000_000 };
      const [fetched] = await session.fetch(1, [ask], { waitMs: 10, maxBytes: 1_000_000 });
      return (fetched?.records ?? []).map((record) => messageOf(record, { topic, partition, source: "" }).id);
    }),
  );
}

describe.each(["platformatic", "kafkajs"])("by %s", (driver) => {
  test.each([1, 4])(
    "what is confirmed lies in its partition of %s, once and in order, though answers are lost",
    async (partitions) => {
      const namespace = `t-${randomUUID()}`;
      await using proxy = await faultProxy({ to: broker.url });
      await using rig = await rigOn(proxy.url(broker.url), { driver, partitions }, { namespace });
      const queue = sourceOf("q");
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
      const stored = await idsIn(sourceTopic(namespace, "q"));
      const all = stored.flat();
      expect(all.toSorted()).toEqual([...ids, "after m5.", "after m30.", "after m50."].toSorted());
      for (const lying of stored) {
        const numbered = lying.filter((id) => id.startsWith("m")).map((id) => Number(id.slice(1, -1)));
        expect(numbered).toEqual(numbered.toSorted((one, other) => one - other));
      }
    },
  );
});
