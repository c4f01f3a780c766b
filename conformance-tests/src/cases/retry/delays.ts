import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { epochNow } from "../../epoch-now.ts";
import { late, range, sameNumbers } from "../../expect.ts";
import { always, topics } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const early: readonly Case[] = casesOf("RTY-2", {
  "": {
    shows: "no retry comes before its delay, and none more than two seconds after it",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const seen = new Recorder();
      const failedAt: number[] = [];
      const delays = [150, 400, 50];
      const retry = { maxAttempts: 4, delay: (failure: number) => delays[failure - 1] ?? 0 };
      const work = seen.handler(() => {
        failedAt.push(epochNow());
        throw new Error("again");
      });
      await bus.work(queue, { retry }, work);
      await bus.send(queue, { n: 1 });
      await bench.eventually(
        "four attempts",
        () => seen.began.length,
        (count) => count === 4,
      );
      for (const [index, delay] of delays.entries()) {
        const waited = (seen.began[index + 1]?.beganAt ?? 0) - (failedAt[index] ?? 0);
        // Due times are whole ms and clocks are cut off, not rounded.
        assert(waited >= delay - 1, `retry ${index + 1} came after ${waited} ms, its delay is ${delay}`);
        assert(waited < delay + late, `retry ${index + 1} came after ${waited} ms, its delay is ${delay}`);
      }
    },
  },
});

const alone: readonly Case[] = casesOf("RTY-3", {
  "": {
    shows: "only the group in which it failed sees a message again",
    owed: topics,
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const bus = await bench.connect();
      const [failing, other] = [new Recorder(), new Recorder()];
      const work = failing.handler(({ attempt }) => {
        if (attempt < 3) throw new Error("again");
      });
      await bus.subscribe(topic, { group: "failing", retry: { delay: 20 } }, work);
      await bus.subscribe(topic, { group: "other" }, other.handler());
      await bus.publishMany(
        topic,
        range(0, 10).map((n) => ({ n })),
      );
      await bench.eventually(
        "ten at last",
        () => failing.done.length,
        (count) => count >= 10,
      );
      await bench.drained(bus.inbox(topic, "failing"));
      await bench.drained(bus.inbox(topic, "other"));
      sameNumbers(
        failing.numbers,
        range(0, 30).map((n) => n % 10),
        "handled where it failed",
      );
      sameNumbers(other.numbers, range(0, 10), "handled in the other group");
      assert(
        other.began.every(({ attempt }) => attempt === 1),
        "attempts in the other group",
      );
    },
  },
});

const others: readonly Case[] = casesOf("RTY-4", {
  "": {
    shows: "messages that wait for their retry hold up nobody, not even at a concurrency of 1",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const seen = new Recorder();
      const work = seen.handler(({ data }) => {
        if (data.n < 30) throw new Error("again, in ten minutes");
      });
      await bus.work(queue, { concurrency: 1, retry: { delay: "10m" } }, work);
      await bus.publishMany(
        queue,
        range(0, 60).map((n) => ({ n })),
      );
      await bench.eventually(
        "all that does not fail",
        () => seen.done.length,
        (count) => count >= 30,
      );
      await bench.eventually(
        "the rest waits",
        () => bus.inbox(queue).stats(),
        ({ inFlight = 0, delayed = 30 }) => inFlight === 0 && delayed === 30,
      );
      sameNumbers(seen.numbers, range(0, 60), "handled so far");
    },
  },
});

/** RTY-2, RTY-3, RTY-4 */
export const delays: readonly Case[] = [...early, ...alone, ...others];
