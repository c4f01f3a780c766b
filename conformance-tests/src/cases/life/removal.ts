import assert from "node:assert/strict";
import type { Bus, Queue, Topic } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers } from "../../expect.ts";
import type { Item } from "../../item.ts";
import { delay, every, order, topics } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** GRP-1 */
export const removal: readonly Case[] = casesOf("GRP-1", {
  group: {
    shows: "a group that was removed collects nothing any more, and its topic's other groups go on",
    owed: topics,
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const bus = await bench.connect();
      const [stays, returns] = [new Recorder(), new Recorder()];
      await bus.subscribe(topic, { group: "stays" }, stays.handler());
      const leaving = await bus.subscribe(topic, { group: "goes" }, new Recorder().handler());
      leaving.pause();
      await publish(bus, topic, range(0, 5));
      await leaving.close();
      await bus.inbox(topic, "goes").remove();
      await publish(bus, topic, range(5, 10));
      await bus.subscribe(topic, { group: "goes" }, returns.handler());
      await publish(bus, topic, [10]);
      await bench.eventually(
        "the group that came again is at work",
        () => returns.numbers,
        (numbers) => numbers.includes(10),
      );
      for (const group of ["stays", "goes"]) await bench.drained(bus.inbox(topic, group));
      sameNumbers(returns.numbers, [10], "the group that came again");
      sameNumbers(stays.numbers, range(0, 11), "the other group");
    },
  },
  queue: {
    shows: "a queue is removed with all its lanes, and is there anew for who sends to it",
    owed: delay,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const inbox = bus.inbox(queue);
      const worker = await bus.work(queue, { retry: { maxAttempts: 1 } }, () => {
        throw new Error("dies at once");
      });
      await publish(bus, queue, [1]);
      await bench.eventually(
        "a dead letter",
        () => inbox.stats(),
        ({ dead }) => dead === 1,
      );
      await worker.close();
      await publish(bus, queue, [2]);
      await bus.send(queue, { n: 3 }, { delay: 5_000 });
      await inbox.remove();
      await publish(bus, queue, [4]);
      const seen = await handled(bench, queue, 4);
      sameNumbers(seen, [4], "handled afterwards");
      assert.deepEqual(lanes(await inbox.stats()), [0, 0, 0, 0], "ready, in flight, delayed, dead");
    },
  },
  topic: {
    shows: "a topic is removed with its groups: nothing is left of its layout, and publishing makes it anew",
    owed: every(topics, order),
    on: "ordered topic",
    async run(bench) {
      const topic = bench.topic({ ordered: true });
      const bus = await bench.connect();
      const consumer = await bus.subscribe(topic, { group: "g" }, () => undefined);
      consumer.pause();
      await publish(bus, topic, range(0, 5));
      await consumer.close();
      await bus.remove(topic);
      const another = bench.topic({ name: topic.name });
      const seen = new Recorder();
      const other = await bench.connect();
      await publish(other, another, [5]);
      await other.subscribe(another, { group: "g" }, seen.handler());
      await publish(other, another, [6]);
      await bench.eventually(
        "the new topic's first",
        () => seen.numbers,
        (numbers) => numbers.includes(6),
      );
      await bench.drained(other.inbox(another, "g"));
      sameNumbers(seen.numbers, [6], "delivered");
    },
  },
  again: {
    shows: "removing what is not there is no error",
    owed: topics,
    on: "topic",
    async run(bench) {
      const [queue, topic] = [bench.queue(), bench.topic()];
      const bus = await bench.connect();
      await bus.remove(queue);
      await bus.remove(topic);
      await bus.inbox(topic, "g").remove();
      await bus.send(queue, { n: 1 });
      await bus.remove(queue);
      await bus.remove(queue);
      await bus.send(queue, { n: 2 });
      sameNumbers(await handled(bench, queue, 2), [2], "handled");
    },
  },
});

async function publish(bus: Bus, to: Queue<Item> | Topic<Item>, numbers: readonly number[]): Promise<void> {
  const results = await bus.publishMany(
    to,
    numbers.map((n) => ({ n, key: "k" })),
  );
  assert.deepEqual(
    results.filter(({ outcome }) => outcome !== "stored"),
    [],
    "publishes refused",
  );
}

/** What a worker that starts now has handled when `last` was and nothing is left. */
async function handled(bench: Bench, queue: Queue<Item>, last: number): Promise<readonly number[]> {
  const bus = await bench.connect();
  const seen = new Recorder();
  await bus.work(queue, {}, seen.handler());
  await bench.eventually(
    `message ${last}`,
    () => seen.numbers,
    (numbers) => numbers.includes(last),
  );
  await bench.drained(bus.inbox(queue));
  return seen.numbers;
}

function lanes({ ready, inFlight, delayed, dead }: Awaited<ReturnType<ReturnType<Bus["inbox"]>["stats"]>>) {
  return [ready, inFlight, delayed, dead].map((count) => count ?? 0);
}
