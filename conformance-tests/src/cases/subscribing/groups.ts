import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers } from "../../expect.ts";
import { topics } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const start: readonly Case[] = casesOf("SUB-1", {
  "": {
    shows: "after subscribe resolves, what another connection publishes from then on reaches the group",
    owed: topics,
    on: "topic",
    async run(bench) {
      const [subscriber, publisher] = [await bench.connect(), await bench.connect()];
      for (const round of range(0, 5)) {
        const topic = bench.topic();
        const seen = new Recorder();
        await subscriber.subscribe(topic, { group: "g" }, seen.handler());
        await publisher.publish(topic, { n: 1 });
        await publisher.publish(topic, { n: 2 });
        await bench.eventually(
          `both messages of round ${round}`,
          () => seen.numbers.length,
          (count) => count >= 2,
        );
        sameNumbers(seen.numbers, [1, 2], `round ${round}`);
      }
    },
  },
});

const sharing: readonly Case[] = casesOf("SUB-2", {
  "one-member": {
    shows: "each message goes to one member of a group",
    owed: topics,
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const buses = [await bench.connect(), await bench.connect(), await bench.connect()];
      const seen = buses.map(() => new Recorder());
      for (const [index, bus] of buses.entries()) {
        await bus.subscribe(topic, { group: "g", concurrency: 2 }, (seen[index] as Recorder).handler());
      }
      const publisher = await bench.connect();
      await publisher.publishMany(
        topic,
        range(0, 150).map((n) => ({ n })),
      );
      const all = (): readonly number[] => seen.flatMap(({ numbers }) => numbers);
      await bench.eventually(
        "150 messages",
        () => all().length,
        (count) => count >= 150,
      );
      await bench.drained(publisher.inbox(topic, "g"));
      sameNumbers(all(), range(0, 150), "delivered to all members together");
    },
  },
  "each-group": {
    shows: "every group gets each message once",
    owed: topics,
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const bus = await bench.connect();
      const seen = new Map(["one", "two", "three"].map((group) => [group, new Recorder()]));
      for (const [group, recorder] of seen) await bus.subscribe(topic, { group }, recorder.handler());
      await bus.publishMany(
        topic,
        range(0, 60).map((n) => ({ n })),
      );
      for (const [group, recorder] of seen) {
        await bench.eventually(
          `60 messages in ${group}`,
          () => recorder.numbers.length,
          (count) => count >= 60,
        );
        await bench.drained(bus.inbox(topic, group));
        sameNumbers(recorder.numbers, range(0, 60), `group ${group}`);
      }
    },
  },
});

const backlog: readonly Case[] = casesOf("SUB-6", {
  "": {
    shows: "what a group has not got waits while no member runs, and connections come and go",
    owed: topics,
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const first = await bench.connect();
      const consumer = await first.subscribe(topic, { group: "g" }, () => undefined);
      await consumer.close();
      await first.close();
      const publisher = await bench.connect();
      await publisher.publishMany(
        topic,
        range(0, 40).map((n) => ({ n })),
      );
      await publisher.close();
      const seen = new Recorder();
      const second = await bench.connect();
      await second.subscribe(topic, { group: "g" }, seen.handler());
      await bench.eventually(
        "40 messages",
        () => seen.numbers.length,
        (count) => count >= 40,
      );
      await bench.drained(second.inbox(topic, "g"));
      sameNumbers(seen.numbers, range(0, 40), "delivered");
    },
  },
});

/** SUB-1, SUB-2, SUB-6 */
export const groups: readonly Case[] = [...start, ...sharing, ...backlog];
