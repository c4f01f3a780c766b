import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { range, rejection, sameNumbers } from "../../expect.ts";
import { always, every, order, topics } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** LAY-1 */
export const layout: readonly Case[] = casesOf("LAY-1", {
  mismatch: {
    shows: "a topic or a group that differs from what exists is refused, the difference named, and what exists goes on",
    owed: every(topics, order),
    on: "ordered topic",
    async run(bench) {
      const ordered = bench.topic({ ordered: true });
      const plain = bench.topic({ name: ordered.name, keyed: true });
      const seen = new Recorder();
      const bus = await bench.connect();
      await bus.subscribe(ordered, { group: "g" }, seen.handler());
      const other = await bench.connect();
      const topicRefusal = await rejection(
        () => other.subscribe(plain, { group: "new" }, () => undefined),
        "TOPOLOGY_MISMATCH",
      );
      assert.match(topicRefusal.message, /ordered/);
      const groupRefusal = await rejection(
        () => other.subscribe(ordered, { group: "g", ordered: false }, () => undefined),
        "TOPOLOGY_MISMATCH",
      );
      assert.match(groupRefusal.message, /ordered/);
      await rejection(() => other.publish(plain, { n: 0, key: "k" }), "TOPOLOGY_MISMATCH");
      await bus.publish(ordered, { n: 1, key: "k" });
      await bench.eventually(
        "what exists goes on",
        () => seen.numbers.length,
        (count) => count >= 1,
      );
      await bench.drained(bus.inbox(ordered, "g"));
      sameNumbers(seen.numbers, [1], "delivered");
    },
  },
  tuning: {
    shows: "another concurrency, retry and timeout recreate nothing: what waits is delivered",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const [first, second] = [await bench.connect(), await bench.connect()];
      const consumer = await first.work(queue, { concurrency: 1, retry: { maxAttempts: 2 } }, () => undefined);
      consumer.pause();
      await first.publishMany(
        queue,
        range(0, 10).map((n) => ({ n })),
      );
      const seen = new Recorder();
      await second.work(queue, { concurrency: 7, retry: { maxAttempts: 9 }, timeout: "1m" }, seen.handler());
      await bench.eventually(
        "all ten",
        () => seen.numbers.length,
        (count) => count >= 10,
      );
      await bench.drained(second.inbox(queue));
      sameNumbers(seen.numbers, range(0, 10), "delivered");
    },
  },
});
