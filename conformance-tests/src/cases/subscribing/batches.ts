import assert from "node:assert/strict";
import type { Message } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers } from "../../expect.ts";
import type { Item } from "../../item.ts";
import { lettersIn, numberOf } from "../../letters.ts";
import { always, order } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** SUB-11 */
export const batches: readonly Case[] = casesOf("SUB-11", {
  size: {
    shows:
      "a backlog comes in full batches, the rest within the wait, each message once and never more batches than asked for",
    owed: always,
    async run(bench) {
      const [queue, bus] = [bench.queue(), await bench.connect()];
      await bus.publishMany(
        queue,
        range(0, 23).map((n) => ({ n })),
      );
      const seen: (readonly number[])[] = [];
      let [running, peak] = [0, 0];
      await bus.work(queue, { batch: { size: 5, wait: 500 }, concurrency: 2 }, async (messages) => {
        seen.push(numbersOf(messages));
        peak = Math.max(peak, (running += 1));
        await new Promise((resolve) => void setImmediate(resolve));
        running -= 1;
      });
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.flat(), range(0, 23), "handled");
      const sizes = seen.map(({ length }) => length);
      assert(Math.max(...sizes) === 5, `the largest of ${sizes.join(", ")} is the size`);
      assert(peak <= 2, `${peak} batches at once`);
    },
  },
  alone: {
    shows: "what a handler fails is retried alone, and leaves nothing it has sent; a throw fails all the rest",
    owed: always,
    async run(bench) {
      const [queue, target, bus] = [bench.queue(), bench.queue(), await bench.connect()];
      const [attempts, sent] = [new Map<number, number>(), new Recorder()];
      const options = { batch: { size: 4, wait: 200 }, retry: { maxAttempts: 2, delay: 0 } };
      await bus.work(target, {}, sent.handler());
      await bus.work(queue, options, async (messages, { fail }) => {
        for (const { data, attempt, send } of messages) {
          attempts.set(data.n, attempt);
          await send(target, { n: data.n });
        }
        // The messages 0 to 7 are fine, but one of them; those from 8 on are thrown at.
        for (const message of messages) if (message.data.n % 4 === 3) fail(message, new Error("this one"));
        if (messages.some(({ data }) => data.n >= 8)) throw new Error("all of them");
      });
      await bus.publishMany(
        queue,
        range(0, 4).map((n) => ({ n })),
      );
      await bench.drained(bus.inbox(queue));
      await bus.publishMany(
        queue,
        range(8, 12).map((n) => ({ n })),
      );
      await bench.drained(bus.inbox(queue));
      await bench.drained(bus.inbox(target));
      const letters = await lettersIn(bus.inbox(queue));
      const dead = letters.map((letter) => [numberOf(letter), letter.error.message, letter.attempts] as const);
      assert.deepEqual(
        dead.toSorted(([one], [other]) => one - other),
        [
          [3, "this one", 2],
          [8, "all of them", 2],
          [9, "all of them", 2],
          [10, "all of them", 2],
          [11, "this one", 2],
        ],
        "dead letters",
      );
      assert.deepEqual(
        [0, 1, 2].map((n) => attempts.get(n)),
        [1, 1, 1],
        "attempts of those that were not failed",
      );
      sameNumbers(sent.numbers, [0, 1, 2], "what was sent");
    },
  },
  keys: {
    shows: "a batch of an ordered queue has one message of a key, and each key keeps its order, also when one fails",
    owed: order,
    on: "ordered queue",
    async run(bench) {
      const [queue, bus] = [bench.queue({ ordered: true }), await bench.connect()];
      const done: number[] = [];
      const options = { batch: { size: 10, wait: 50 }, concurrency: 2, retry: { delay: 0 } };
      await bus.publishMany(
        queue,
        range(0, 30).map((n) => ({ n, key: `k${n % 3}` })),
      );
      await bus.work(queue, options, (messages, { fail }) => {
        const keys = messages.map(({ key }) => key);
        assert.equal(new Set(keys).size, keys.length, `the keys of a batch: ${keys.join(", ")}`);
        for (const message of messages) {
          if (message.data.n % 5 === 0 && message.attempt === 1) fail(message, new Error("once more"));
          else done.push(message.data.n);
        }
      });
      await bench.drained(bus.inbox(queue));
      for (const key of range(0, 3)) {
        const mine = done.filter((n) => n % 3 === key);
        assert.deepEqual(
          mine,
          range(0, 10).map((n) => n * 3 + key),
          `key ${key}`,
        );
      }
      assert.equal((await bus.inbox(queue).stats()).dead, 0, "dead");
    },
  },
  close: {
    shows: "a batch that still waits for more is given back when its consumer closes, uncounted",
    owed: always,
    async run(bench) {
      const [queue, bus] = [bench.queue(), await bench.connect()];
      const [began, seen] = [new Array<number>(), new Recorder()];
      const consumer = await bus.work(queue, { batch: { size: 10, wait: "1h" } }, (messages) => {
        began.push(...numbersOf(messages));
      });
      await bus.publishMany(queue, [{ n: 1 }, { n: 2 }]);
      await bench.eventually(
        "both in its hands",
        () => consumer.health(),
        ({ running }) => running === 2,
      );
      await bench.within("close", consumer.close());
      await bus.work(queue, {}, seen.handler());
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, [1, 2], "handled by the next one");
      assert.deepEqual(
        seen.began.map(({ attempt }) => attempt),
        [1, 1],
        "attempts",
      );
      assert.deepEqual(began, [], "begun before");
    },
  },
});

function numbersOf(messages: readonly Message<Item>[]): readonly number[] {
  return messages.map(({ data }) => data.n);
}
