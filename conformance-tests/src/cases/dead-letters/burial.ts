import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { sameNumbers } from "../../expect.ts";
import type { Item } from "../../item.ts";
import { lettersIn, numberOf } from "../../letters.ts";
import { always, topics } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";
import { cannotBury } from "../../shims.ts";
import { largestText, longestHeader, testable } from "../../sizes.ts";

const once: readonly Case[] = casesOf("DLQ-1", {
  "": {
    shows: "after its last attempt a message is among the dead letters once, unchanged, with why, when and where",
    owed: always,
    async run(bench) {
      const queue = bench.queue({ keyed: true });
      const bus = await bench.connect();
      const began = Date.now();
      const work = new Recorder().handler(() => {
        throw new RangeError("it never works");
      });
      await bus.work(queue, { retry: { maxAttempts: 2, delay: 20 } }, work);
      const item = { n: 1, key: "k", text: "binary \u0000 ✓" };
      const mine = { "X-Mine": "a\nb", empty: "" };
      const sent = await bus.send(queue, item, { headers: mine });
      const inbox = bus.inbox(queue);
      await bench.eventually(
        "a dead letter",
        () => inbox.stats(),
        ({ dead }) => (dead ?? 0) >= 1,
      );
      await bench.drained(inbox);
      const [letter, ...more] = await lettersIn(inbox);
      assert(letter !== undefined && more.length === 0, `${more.length + 1} letters`);
      const { raw: _, error, firstFailedAt, deadAt, ...rest } = letter;
      const place = { source: queue.name, group: queue.name };
      const death = { reason: "exhausted", attempts: 2, history: [], ...place };
      assert.deepEqual(rest, { id: sent.id, key: "k", headers: mine, data: item, ...death });
      assert.deepEqual([error.name, error.message], ["RangeError", "it never works"]);
      assert(began <= firstFailedAt && firstFailedAt <= deadAt && deadAt <= Date.now(), `${firstFailedAt}, ${deadAt}`);
    },
  },
  group: {
    shows: "it is dead for its own group alone",
    owed: topics,
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const bus = await bench.connect();
      const other = new Recorder();
      const work = new Recorder().handler(() => {
        throw new Error("it never works");
      });
      await bus.subscribe(topic, { group: "failing", retry: { maxAttempts: 2, delay: 0 } }, work);
      await bus.subscribe(topic, { group: "other" }, other.handler());
      await bus.publish(topic, { n: 1 });
      const inbox = bus.inbox(topic, "failing");
      await bench.eventually(
        "a dead letter",
        () => inbox.stats(),
        ({ dead }) => dead === 1,
      );
      assert.equal((await lettersIn(inbox))[0]?.group, "failing", "the group in the letter");
      await bench.drained(bus.inbox(topic, "other"));
      sameNumbers(other.numbers, [1], "handled by the other group");
      assert.deepEqual(await lettersIn(bus.inbox(topic, "other")), [], "the other group's dead letters");
    },
  },
});

const unwritable: readonly Case[] = casesOf("DLQ-2", {
  full: {
    shows: "while a dead letter cannot be written health says so and nothing is lost; then it is written, once",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      let broken = true;
      const bus = await bench.connect({ shim: cannotBury(() => broken) });
      const seen = new Recorder();
      const work = seen.handler(({ data }) => {
        if (data.n === 1) throw new Error("dies");
      });
      await bus.work(queue, { retry: { maxAttempts: 1 } }, work);
      await bus.send(queue, { n: 1 });
      const sick = await bench.eventually(
        "health is red",
        () => bus.health(),
        ({ healthy }) => !healthy,
      );
      assert.equal(sick.consumers[0]?.error?.code, "FULL");
      await bus.send(queue, { n: 2 });
      broken = false;
      await bench.eventually(
        "health is green",
        () => bus.health(),
        ({ healthy }) => healthy,
      );
      await bench.eventually(
        "the other message",
        () => seen.done,
        (done) => done.includes(2),
      );
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, [1, 2], "handled");
      const letters = await lettersIn(bus.inbox(queue));
      sameNumbers(letters.map(numberOf), [1], "dead letters");
    },
  },
  largest: {
    shows: "a message of exactly maxBytes and maxHeaderBytes with an error of 100 kB still fits among the dead letters",
    owed: testable,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const work = new Recorder().handler(() => {
        throw new Error("long ".repeat(20_000));
      });
      await bus.work(queue, { retry: { maxAttempts: 2, delay: 0 } }, work);
      const [text, long] = [await largestText(bench, queue.name), longestHeader(bench, "long")];
      await bus.send(queue, { n: 1, text }, { headers: { long } });
      await bench.eventually(
        "a dead letter",
        () => bus.inbox(queue).stats(),
        ({ dead }) => dead === 1,
      );
      const [letter] = await lettersIn(bus.inbox(queue));
      assert(letter !== undefined, "a letter");
      assert((letter.data as Item).text === text, "its body is unchanged");
      assert(letter.headers["long"] === long, "its header is unchanged");
      assert.equal(letter.attempts, 2, "its attempts");
      assert.match(letter.error.message, /^long long/, "its error");
    },
  },
});

/** DLQ-1, DLQ-2 */
export const burial: readonly Case[] = [...once, ...unwritable];
