import assert from "node:assert/strict";
import type { Bus, Topic } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { gate, range, sameNumbers } from "../../expect.ts";
import type { Item } from "../../item.ts";
import { replay as claimed } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const kept = 600_000;

const starting: readonly Case[] = casesOf("SUB-8", {
  "": {
    shows: "a new group starts at the beginning of what the topic has kept, or at a time, and goes on with what comes",
    owed: claimed,
    on: "topic",
    async run(bench) {
      const bus = await bench.connect();
      const topic = bench.topic({ retain: kept });
      await publish(bus, topic, range(0, 3));
      const later = await laterThan(bench, bus, topic);
      await publish(bus, topic, range(4, 7));
      const [all, some, none] = [new Recorder(), new Recorder(), new Recorder()];
      await bus.subscribe(topic, { group: "all", from: "beginning" }, all.handler());
      await bus.subscribe(topic, { group: "some", from: new Date(later) }, some.handler());
      await bus.subscribe(topic, { group: "none" }, none.handler());
      await publish(bus, topic, range(7, 9));
      await handled(bench, bus, topic, [
        ["all", all, range(0, 9)],
        ["some", some, range(4, 9)],
        ["none", none, range(7, 9)],
      ]);
    },
  },
  order: {
    shows: "what is replayed of an ordered topic comes in its order, what comes meanwhile after it",
    owed: claimed,
    on: "ordered topic",
    async run(bench) {
      const bus = await bench.connect();
      const topic = bench.topic({ ordered: true, retain: kept });
      await publish(bus, topic, range(0, 20));
      const seen = new Recorder();
      await bus.subscribe(topic, { group: "g", from: "beginning", concurrency: 4 }, seen.handler());
      await publish(bus, topic, range(20, 30));
      await bench.eventually(
        "all 30",
        () => seen.done.length,
        (count) => count >= 30,
      );
      assert.deepEqual(seen.numbers, range(0, 30), "handled");
    },
  },
  existing: {
    shows: "a group that exists goes on where it is, wherever its members say it starts",
    owed: claimed,
    on: "topic",
    async run(bench) {
      const bus = await bench.connect();
      const topic = bench.topic({ retain: kept });
      const [first, second] = [new Recorder(), new Recorder()];
      const member = await bus.subscribe(topic, { group: "g" }, first.handler());
      await publish(bus, topic, range(0, 3));
      await handled(bench, bus, topic, [["g", first, range(0, 3)]]);
      await member.close();
      await publish(bus, topic, range(3, 5));
      await bus.subscribe(topic, { group: "g", from: "beginning" }, second.handler());
      await handled(bench, bus, topic, [["g", second, range(3, 5)]]);
    },
  },
  seek: {
    shows: "seek brings back to one group alone what came since, and to the end leaves nothing waiting",
    owed: claimed,
    on: "topic",
    async run(bench) {
      const bus = await bench.connect();
      const topic = bench.topic({ retain: kept });
      const [seen, other] = [new Recorder(), new Recorder()];
      const member = await bus.subscribe(topic, { group: "g" }, seen.handler());
      await bus.subscribe(topic, { group: "other" }, other.handler());
      await publish(bus, topic, range(0, 3));
      const later = await laterThan(bench, bus, topic);
      await publish(bus, topic, range(4, 6));
      await handled(bench, bus, topic, [
        ["g", seen, range(0, 6)],
        ["other", other, range(0, 6)],
      ]);
      const inbox = bus.inbox(topic, "g");
      await inbox.seek(later);
      await handled(bench, bus, topic, [["g", seen, [...range(0, 6), 4, 5]]]);
      await inbox.seek("beginning");
      await handled(bench, bus, topic, [["g", seen, [...range(0, 6), 4, 5, ...range(0, 6)]]]);
      await member.close();
      await publish(bus, topic, range(6, 9));
      await inbox.seek("now");
      assert.equal((await inbox.stats()).ready, 0, "ready after a seek to the end");
      await handled(bench, bus, topic, [["other", other, range(0, 9)]]);
    },
  },
  "in-hand": {
    shows: "a seek leaves alone what is being handled: its end still counts, and it comes again for what it was before",
    owed: claimed,
    on: "topic",
    async run(bench) {
      const bus = await bench.connect();
      const topic = bench.topic({ retain: kept });
      const { opened, open } = gate();
      const seen = new Recorder();
      await bus.subscribe(
        topic,
        { group: "g", concurrency: 2 },
        seen.handler(() => opened),
      );
      await publish(bus, topic, [0]);
      await bench.eventually(
        "it is in hand",
        () => seen.running,
        (count) => count === 1,
      );
      await bus.inbox(topic, "g").seek("beginning");
      await bench.eventually(
        "it is there a second time",
        () => seen.running,
        (count) => count === 2,
      );
      open();
      await handled(bench, bus, topic, [["g", seen, [0, 0]]]);
    },
  },
});

const retention: readonly Case[] = casesOf("RET-1", {
  "": {
    shows: "what every group has handled is kept for replay as long as the topic says, and not for ever",
    owed: claimed,
    on: "topic",
    async run(bench) {
      const bus = await bench.connect();
      const topic = bench.topic({ retain: 2_000 });
      const seen = new Recorder();
      await bus.subscribe(topic, { group: "g" }, seen.handler());
      const { timestamp } = await bus.publish(topic, { n: 1 });
      await handled(bench, bus, topic, [["g", seen, [1]]]);
      const replayed = async (): Promise<number> => {
        const group = bench.name("late");
        const late = new Recorder();
        const member = await bus.subscribe(topic, { group, from: "beginning" }, late.handler());
        await bench.drained(bus.inbox(topic, group));
        await member.close();
        await bus.inbox(topic, group).remove();
        return late.numbers.length;
      };
      await bench.past("most of its time", timestamp + 1_000);
      assert.equal(await replayed(), 1, "replayed within its time");
      await bench.eventually(
        "its end",
        () => replayed(),
        (count) => count === 0,
        bench.boundMs + bench.manifest.sweepMs,
      );
    },
  },
});

/** SUB-8, RET-1 */
export const replay: readonly Case[] = [...starting, ...retention];

async function publish(bus: Bus, topic: Topic<Item>, numbers: readonly number[]): Promise<void> {
  await bus.publishMany(
    topic,
    numbers.map((n) => ({ n })),
  );
}

/** Publishes number 3 and gives a time after that, as the carrier sees it, and before whatever is published next. */
async function laterThan(bench: Bench, bus: Bus, topic: Topic<Item>): Promise<number> {
  await publish(bus, topic, [3]);
  const published = Date.now();
  return bench.past("the next millisecond", published + 1);
}

/** Waits until each group has handled that many and its inbox is empty, then looks whether it were these. */
async function handled(
  bench: Bench,
  bus: Bus,
  topic: Topic<Item>,
  expected: readonly (readonly [group: string, seen: Recorder, numbers: readonly number[]])[],
): Promise<void> {
  for (const [group, seen, numbers] of expected) {
    await bench.eventually(
      `${numbers.length} in ${group}`,
      () => seen.done.length,
      (count) => count >= numbers.length,
    );
    await bench.drained(bus.inbox(topic, group));
    sameNumbers(seen.numbers, numbers, `handled by ${group}`);
  }
}
