import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers } from "../../expect.ts";
import { always, order } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const kept: readonly Case[] = casesOf("PUB-7", {
  "": {
    shows: "what is sent to a queue before any worker ever ran waits for the first one",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const sender = await bench.connect();
      await sender.publishMany(
        queue,
        range(0, 50).map((n) => ({ n })),
      );
      await sender.close();
      const seen = new Recorder();
      const worker = await bench.connect();
      await worker.work(queue, {}, seen.handler());
      await bench.eventually(
        "50 messages",
        () => seen.numbers.length,
        (count) => count >= 50,
      );
      await bench.drained(worker.inbox(queue));
      sameNumbers(seen.numbers, range(0, 50), "delivered");
    },
  },
});

const inOrder: readonly Case[] = casesOf("PUB-8", {
  "": {
    shows: "messages of one key are stored in the order they were published, without awaiting each other",
    owed: order,
    on: "ordered queue",
    async run(bench) {
      const queue = bench.queue({ ordered: true });
      const bus = await bench.connect();
      const seen = new Recorder();
      await bus.work(queue, { concurrency: 1 }, seen.handler());
      const keys = ["a", "b", "c"];
      const sends = range(0, 300).map((n) => bus.send(queue, { n, key: keys[n % 3] }));
      await Promise.all(sends);
      await bench.eventually(
        "300 messages",
        () => seen.numbers.length,
        (count) => count >= 300,
      );
      for (const [index, key] of keys.entries()) {
        const got = seen.numbers.filter((n) => n % 3 === index);
        assert.deepEqual(
          got,
          range(0, 100).map((n) => n * 3 + index),
          `order of key ${key}`,
        );
      }
    },
  },
});

/** PUB-7, PUB-8 */
export const stored: readonly Case[] = [...kept, ...inOrder];
