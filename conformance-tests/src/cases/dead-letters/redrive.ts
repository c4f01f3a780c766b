import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers } from "../../expect.ts";
import { lettersIn, numberOf } from "../../letters.ts";
import { always, topics } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";
import { buried } from "./walking.ts";

/** DLQ-6 */
export const redrive: readonly Case[] = casesOf("DLQ-6", {
  alone: {
    shows: "a redriven letter goes to its own group alone, as it was, its attempts fresh",
    owed: topics,
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const bus = await bench.connect();
      const [seen, other] = [new Recorder(), new Recorder()];
      let healed = false;
      const work = seen.handler(({ attempt }) => {
        if (!healed || attempt === 1) throw new Error("not yet");
      });
      await bus.subscribe(topic, { group: "failing", retry: { maxAttempts: 2, delay: 0 } }, work);
      await bus.subscribe(topic, { group: "other" }, other.handler());
      const sent = await bus.publish(topic, { n: 1 }, { headers: { mine: "kept" } });
      const inbox = bus.inbox(topic, "failing");
      await bench.eventually(
        "a dead letter",
        () => inbox.stats(),
        ({ dead }) => dead === 1,
      );
      healed = true;
      assert.equal(await inbox.deadLetters.redrive("all"), 1, "redriven");
      await bench.eventually(
        "it is handled",
        () => seen.done.length,
        (count) => count >= 1,
      );
      await bench.drained(inbox);
      await bench.drained(bus.inbox(topic, "other"));
      assert.deepEqual(
        seen.began.map(({ attempt }) => attempt),
        [1, 2, 1, 2],
        "attempts",
      );
      assert.deepEqual(new Set(seen.began.map(({ id }) => id)), new Set([sent.id]), "ids");
      assert.deepEqual(
        seen.began.map(({ headers }) => headers["mine"]),
        ["kept", "kept", "kept", "kept"],
        "headers",
      );
      sameNumbers(other.numbers, [1], "the other group");
      assert.equal((await inbox.stats()).dead, 0, "dead");
    },
  },
  history: {
    shows: "a letter that dies again keeps the history of its earlier deaths",
    owed: always,
    async run(bench) {
      const { bus, queue, inbox } = await buried(bench, 1);
      const messages = ["second death", "third death"];
      const work = new Recorder().handler(() => {
        throw new Error(messages.shift());
      });
      await bus.work(queue, { retry: { maxAttempts: 1 } }, work);
      for (const deaths of [2, 3]) {
        assert.equal(await inbox.deadLetters.redrive("all"), 1, "redriven");
        await bench.eventually(
          `death ${deaths}`,
          () => lettersIn(inbox),
          (letters) => letters[0]?.history.length === deaths - 1,
        );
      }
      const [letter] = await lettersIn(inbox);
      assert.equal(letter?.error.message, "third death");
      assert.deepEqual(
        letter?.history.map(({ error }) => error.message),
        ["dies at once", "second death"],
      );
    },
  },
  "at-once": {
    shows: "a letter redriven and dead again in the same moment is neither swallowed nor doubled, many times over",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const seen = new Recorder();
      const work = seen.handler(() => {
        throw new Error("again");
      });
      await bus.work(queue, { retry: { maxAttempts: 1 } }, work);
      await bus.send(queue, { n: 1 }, { id: bench.name("id") });
      const inbox = bus.inbox(queue);
      for (const life of range(1, 9)) {
        await bench.eventually(
          `death ${life}`,
          () => inbox.stats(),
          ({ dead }) => dead === 1,
        );
        assert.equal(await inbox.deadLetters.redrive("all"), 1, `redriven in life ${life}`);
        await bench.eventually(
          `life ${life + 1}`,
          () => seen.began.length,
          (count) => count >= life + 1,
        );
      }
      await bench.eventually(
        "the last death",
        () => inbox.stats(),
        ({ dead }) => dead === 1,
      );
      assert.equal(seen.began.length, 9, "handlings");
    },
  },
  some: {
    shows: "only what was named is redriven, the rest stays where it was",
    owed: always,
    async run(bench) {
      const { bus, queue, inbox } = await buried(bench, 8);
      const seen = new Recorder();
      const count = await inbox.deadLetters.redrive(({ data }) => numberOf({ data }) % 2 === 0);
      assert.equal(count, 4, "redriven");
      await bus.work(queue, {}, seen.handler());
      await bench.eventually(
        "four",
        () => seen.done.length,
        (done) => done >= 4,
      );
      await bench.drained(inbox);
      sameNumbers(seen.numbers, [0, 2, 4, 6], "handled again");
      const left = await lettersIn(inbox);
      assert.deepEqual(left.map(numberOf), [1, 3, 5, 7], "left");
    },
  },
});
