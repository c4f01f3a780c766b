import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers, unique } from "../../expect.ts";
import { always, every, links, order } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** A carrier that confirms each of a key before it sends the next takes its time, ms. */
const patience = 120_000;

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
      const bus = await bench.connect({ publishTimeout: patience });
      const seen = new Recorder();
      await bus.work(queue, { concurrency: 1 }, seen.handler());
      const keys = ["a", "b", "c"];
      const sends = range(0, 300).map((n) => bus.send(queue, { n, key: keys[n % 3] }));
      await Promise.all(sends);
      await bench.eventually(
        "300 messages",
        () => seen.numbers.length,
        (count) => count >= 300,
        patience,
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
  reconnect: {
    shows: "so also around a reconnect: what was lost on the way goes before what was published after it",
    owed: every(order, links),
    on: "ordered queue",
    async run(bench) {
      const [queue, link, seen] = [bench.queue({ ordered: true }), await bench.link(), new Recorder()];
      const bus = await bench.connect({ url: link.url(bench.url), publishTimeout: patience });
      await (await bench.connect()).work(queue, { concurrency: 1 }, seen.handler());
      const keys = ["a", "b", "c"];
      const publish = (from: number, to: number): readonly Promise<unknown>[] =>
        range(from, to).map((n) =>
          bench.later(bus.send(queue, { n, key: keys[n % 3] }, { id: `${queue.name}-${n}-` })),
        );
      const dropped = bench.later(link.dropReply({ when: `${queue.name}-40-` }));
      const sends = [...publish(0, 100)];
      await bench.within("a reply is dropped", dropped);
      sends.push(...publish(100, 200));
      await bench.within("all so far", Promise.all(sends), patience);
      const before = link.toServer.swallowed;
      link.blackHole();
      sends.push(...publish(200, 300));
      await bench.eventually(
        "something is lost on the way",
        () => link.toServer.swallowed,
        (bytes) => bytes > before,
      );
      await link.heal();
      sends.push(...publish(300, 400));
      await bench.within("all of them", Promise.all(sends), patience);
      await bench.eventually(
        "400 messages",
        () => unique(seen.numbers).length,
        (count) => count === 400,
        patience,
      );
      for (const [index, key] of keys.entries()) {
        const got = unique(seen.numbers).filter((n) => n % 3 === index);
        const published = range(0, 400).filter((n) => n % 3 === index);
        assert.deepEqual(got, published, `first occurrences of key ${key}`);
      }
    },
  },
});

/** PUB-7, PUB-8 */
export const stored: readonly Case[] = [...kept, ...inOrder];
