import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers } from "../../expect.ts";
import { order } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const sequence: readonly Case[] = casesOf("ORD-1", {
  "": {
    shows: "messages of one key are handled one after the other in publish order, at a concurrency of 8",
    owed: order,
    on: "ordered queue",
    async run(bench) {
      const queue = bench.queue({ ordered: true });
      const bus = await bench.connect();
      const seen = new Recorder();
      const [running, overlaps] = [new Set<string>(), [] as number[]];
      const work = seen.handler(async ({ data }) => {
        const key = data.key ?? "";
        if (running.has(key)) overlaps.push(data.n);
        running.add(key);
        await new Promise((resolve) => void setImmediate(resolve));
        running.delete(key);
      });
      await bus.work(queue, { concurrency: 8 }, work);
      await bus.publishMany(
        queue,
        range(0, 200).map((n) => ({ n, key: `k${n % 5}` })),
      );
      await bench.eventually(
        "200 messages",
        () => seen.done.length,
        (count) => count >= 200,
      );
      await bench.drained(bus.inbox(queue));
      for (const key of range(0, 5)) {
        const got = seen.numbers.filter((n) => n % 5 === key);
        assert.deepEqual(
          got,
          range(0, 40).map((n) => n * 5 + key),
          `order of key ${key}`,
        );
      }
      assert.deepEqual(overlaps, [], "handled beside another of their key");
    },
  },
  parallel: {
    shows: "different keys of an ordered topic are handled side by side",
    owed: order,
    on: "ordered queue",
    async run(bench) {
      const queue = bench.queue({ ordered: true });
      const bus = await bench.connect();
      const seen = new Recorder();
      const together = Promise.withResolvers<void>();
      const work = seen.handler(() => {
        if (seen.running === 4) together.resolve();
        return together.promise;
      });
      await bus.work(queue, { concurrency: 8 }, work);
      await bus.publishMany(
        queue,
        range(0, 8).map((n) => ({ n, key: `k${n % 4}` })),
      );
      await bench.eventually(
        "all",
        () => seen.done.length,
        (count) => count >= 8,
      );
      sameNumbers(seen.numbers, range(0, 8), "handled");
    },
  },
});

const failing: readonly Case[] = casesOf("ORD-3", {
  "": {
    shows: "a failing message holds up its own key only, and its key keeps its order through the retries",
    owed: order,
    on: "ordered queue",
    async run(bench) {
      const queue = bench.queue({ ordered: true });
      const bus = await bench.connect();
      const seen = new Recorder();
      const work = seen.handler(({ data, attempt }) => {
        if (data.n === 0 && attempt < 3) throw new Error("again");
      });
      await bus.work(queue, { concurrency: 4, retry: { delay: 1_000 } }, work);
      await bus.publishMany(
        queue,
        range(0, 30).map((n) => ({ n, key: n % 3 === 0 ? "held" : `free${n % 3}` })),
      );
      await bench.eventually(
        "all",
        () => seen.done.length,
        (count) => count >= 30,
        2_000 + bench.boundMs,
      );
      const held = seen.numbers.filter((n) => n % 3 === 0);
      assert.deepEqual(held, [0, 0, ...range(0, 10).map((n) => n * 3)], "handlings of the failing key");
      const before = seen.numbers.slice(0, seen.numbers.lastIndexOf(0));
      sameNumbers(
        before.filter((n) => n % 3 !== 0),
        range(0, 30).filter((n) => n % 3 !== 0),
        "others before its last attempt",
      );
    },
  },
  dead: {
    shows: "a message that dies lets the rest of its key go on, in order",
    owed: order,
    on: "ordered queue",
    async run(bench) {
      const queue = bench.queue({ ordered: true });
      const bus = await bench.connect();
      const seen = new Recorder();
      const work = seen.handler(({ data }) => {
        if (data.n === 1) throw new Error("always");
      });
      await bus.work(queue, { concurrency: 4, retry: { maxAttempts: 2, delay: 30 } }, work);
      await bus.publishMany(
        queue,
        range(0, 10).map((n) => ({ n, key: "one" })),
      );
      await bench.eventually(
        "all but one",
        () => seen.done.length,
        (count) => count >= 9,
      );
      await bench.drained(bus.inbox(queue));
      assert.deepEqual(seen.numbers, [0, 1, 1, ...range(2, 10)], "handlings");
    },
  },
});

/** ORD-1, ORD-3 */
export const keys: readonly Case[] = [...sequence, ...failing];
