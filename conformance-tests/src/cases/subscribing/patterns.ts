import assert from "node:assert/strict";
import { pattern } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers } from "../../expect.ts";
import { type Item, itemSchema } from "../../item.ts";
import { lettersIn, numberOf } from "../../letters.ts";
import { patterns as claimed } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** SUB-4 */
export const patterns: readonly Case[] = casesOf("SUB-4", {
  "": {
    shows:
      "`*` takes topics of one more segment, `#` of any number, made before the group or after it, from their first message",
    owed: claimed,
    on: "topic",
    async run(bench) {
      const [publisher, subscriber] = [await bench.connect(), await bench.connect()];
      const root = bench.name("order");
      const names = [`${root}.placed`, `${root}.paid`, `${root}.eu.placed`, root, `${root}s.placed`];
      const topics = names.map((name) => bench.topic({ name }));
      const publish = async (index: number, n: number): Promise<unknown> =>
        publisher.publish(topics[index] ?? bench.topic(), { n });
      // The first of the topics is there before its groups.
      await publish(0, 0);
      const [one, any] = [new Recorder(), new Recorder()];
      await subscriber.subscribe(pattern(`${root}.*`, { schema: itemSchema }), { group: "one" }, one.handler());
      await subscriber.subscribe(pattern(`${root}.#`, { schema: itemSchema }), { group: "any" }, any.handler());
      for (const round of range(0, 2)) for (const index of topics.keys()) await publish(index, 10 * round + index + 1);
      await bench.eventually(
        "what fits",
        () => [one.numbers.length, any.numbers.length] as const,
        ([ones, anys]) => ones >= 4 && anys >= 8,
        bench.boundMs + bench.manifest.wiringMs,
      );
      await bench.drained(subscriber.inbox(pattern(`${root}.*`), "one"));
      await bench.drained(subscriber.inbox(pattern(`${root}.#`), "any"));
      sameNumbers(one.numbers, [1, 2, 11, 12], "with *");
      sameNumbers(any.numbers, [1, 2, 3, 4, 11, 12, 13, 14], "with #");
      const types = one.began.map(({ n, type }) => [n % 10, type] as const);
      for (const [n, type] of types) assert.equal(type, names[n - 1], "the message's type");
    },
  },
  groups: {
    shows: "a pattern's groups each get a copy, beside the topic's own, and its members share theirs",
    owed: claimed,
    on: "topic",
    async run(bench) {
      const bus = await bench.connect();
      const topic = bench.topic({ name: `${bench.name("order")}.placed` });
      const any = pattern(topic.name.replace("placed", "*"), { schema: itemSchema });
      const [own, first, second, other] = [new Recorder(), new Recorder(), new Recorder(), new Recorder()];
      await bus.subscribe(topic, { group: "a" }, own.handler());
      await bus.subscribe(any, { group: "a" }, first.handler());
      await (await bench.connect()).subscribe(any, { group: "a" }, second.handler());
      await bus.subscribe(any, { group: "b" }, other.handler());
      await bus.publishMany(topic, items(20));
      const shared = (): readonly number[] => [...first.numbers, ...second.numbers];
      await bench.eventually(
        "all copies",
        () => [own.numbers, shared(), other.numbers].map(({ length }) => length),
        (counts) => counts.every((count) => count >= 20),
      );
      for (const inbox of [bus.inbox(topic, "a"), bus.inbox(any, "a"), bus.inbox(any, "b")]) await bench.drained(inbox);
      sameNumbers(own.numbers, range(0, 20), "the topic's group");
      sameNumbers(shared(), range(0, 20), "the pattern's members together");
      sameNumbers(other.numbers, range(0, 20), "the pattern's other group");
    },
  },
  queues: {
    shows: "a pattern takes nothing from queues",
    owed: claimed,
    on: "topic",
    async run(bench) {
      const bus = await bench.connect();
      const root = bench.name("work");
      const [queue, topic] = [bench.queue({ name: `${root}.queue` }), bench.topic({ name: `${root}.topic` })];
      const seen = new Recorder();
      await bus.send(queue, { n: 0 });
      await bus.subscribe(pattern(`${root}.*`, { schema: itemSchema }), { group: "g" }, seen.handler());
      await bus.send(queue, { n: 1 });
      await bus.publish(topic, { n: 2 });
      await bench.eventually(
        "the topic's",
        () => seen.numbers,
        (numbers) => numbers.includes(2),
      );
      await bench.drained(bus.inbox(pattern(`${root}.*`), "g"));
      sameNumbers(seen.numbers, [2], "delivered");
      assert.equal((await bus.inbox(queue).stats()).ready, 2, "left in the queue");
    },
  },
  letters: {
    shows: "what fails in a pattern's group dies there and is redriven to it alone",
    owed: claimed,
    on: "topic",
    async run(bench) {
      const bus = await bench.connect();
      const topic = bench.topic({ name: `${bench.name("order")}.placed` });
      const any = pattern(topic.name.replace("placed", "*"), { schema: itemSchema });
      const [own, seen] = [new Recorder(), new Recorder()];
      let broken = true;
      await bus.subscribe(topic, { group: "own" }, own.handler());
      const work = seen.handler(() => {
        if (broken) throw new Error("broken");
      });
      await bus.subscribe(any, { group: "g", retry: { maxAttempts: 1 } }, work);
      await bus.publish(topic, { n: 1 });
      const inbox = bus.inbox(any, "g");
      const letters = await bench.eventually(
        "the letter",
        () => lettersIn(inbox),
        ({ length }) => length === 1,
      );
      assert.deepEqual(letters.map(numberOf), [1]);
      broken = false;
      assert.equal(await inbox.deadLetters.redrive("all"), 1);
      await bench.eventually(
        "its second life",
        () => seen.done,
        ({ length }) => length === 1,
      );
      await bench.drained(bus.inbox(topic, "own"));
      sameNumbers(own.numbers, [1], "the topic's own group");
    },
  },
});

function items(count: number): readonly Item[] {
  return range(0, count).map((n) => ({ n }));
}
