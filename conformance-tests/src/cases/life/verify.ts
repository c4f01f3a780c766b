import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { rejection, sameNumbers } from "../../expect.ts";
import { always, every, order, topics } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** LIF-5 */
export const verify: readonly Case[] = casesOf("LIF-5", {
  missing: {
    shows:
      "a queue that is not there is named to who sends and who works, and is not made: its name is free for any layout",
    owed: order,
    on: "ordered queue",
    async run(bench) {
      const queue = bench.queue({ ordered: true });
      const [bus, careful] = [await bench.connect(), await bench.connect({ topology: "verify" })];
      for (const use of [
        () => careful.send(queue, { n: 1, key: "k" }),
        () => careful.work(queue, {}, () => undefined),
        () => careful.inbox(queue).stats(),
      ]) {
        const { message } = await rejection(use, "MISSING");
        assert(message.includes(queue.name), `it names the queue: ${message}`);
      }
      const other = bench.queue({ name: queue.name });
      const seen = new Recorder();
      await bus.work(other, {}, seen.handler());
      await bus.send(other, { n: 2 });
      await bench.eventually(
        "the message of the other layout",
        () => seen.numbers.length,
        (count) => count >= 1,
      );
      await bench.drained(bus.inbox(other));
      sameNumbers(seen.numbers, [2], "delivered");
    },
  },
  group: {
    shows: "a group that is not there is named and not made: it collects nothing",
    owed: topics,
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const [bus, careful] = [await bench.connect(), await bench.connect({ topology: "verify" })];
      await bus.publish(topic, { n: 1 });
      const { message } = await rejection(
        () => careful.subscribe(topic, { group: "absent" }, () => undefined),
        "MISSING",
      );
      assert(message.includes("absent"), `it names the group: ${message}`);
      await bus.publish(topic, { n: 2 });
      const seen = new Recorder();
      await bus.subscribe(topic, { group: "absent" }, seen.handler());
      await bus.publish(topic, { n: 3 });
      await bench.eventually(
        "the last message",
        () => seen.numbers,
        (numbers) => numbers.includes(3),
      );
      await bench.drained(bus.inbox(topic, "absent"));
      sameNumbers(seen.numbers, [3], "delivered");
    },
  },
  differs: {
    shows: "what differs from what is there is named",
    owed: every(topics, order),
    on: "ordered topic",
    async run(bench) {
      const ordered = bench.topic({ ordered: true });
      const plain = bench.topic({ name: ordered.name, keyed: true });
      const [bus, careful] = [await bench.connect(), await bench.connect({ topology: "verify" })];
      await bus.subscribe(ordered, { group: "g" }, () => undefined);
      for (const use of [
        () => careful.publish(plain, { n: 1, key: "k" }),
        () => careful.subscribe(plain, { group: "g" }, () => undefined),
        () => careful.subscribe(ordered, { group: "g", ordered: false }, () => undefined),
      ]) {
        const { message } = await rejection(use, "TOPOLOGY_MISMATCH");
        assert.match(message, /ordered/);
      }
    },
  },
  works: {
    shows: "with all that is needed there, everything works as ever",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      await (await bench.connect()).send(queue, { n: 1 });
      const careful = await bench.connect({ topology: "verify" });
      const seen = new Recorder();
      await careful.work(queue, {}, seen.handler());
      await careful.send(queue, { n: 2 });
      await bench.eventually(
        "both messages",
        () => seen.numbers.length,
        (count) => count >= 2,
      );
      await bench.drained(careful.inbox(queue));
      sameNumbers(seen.numbers, [1, 2], "delivered");
    },
  },
});
