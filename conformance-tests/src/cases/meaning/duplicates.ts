import assert from "node:assert/strict";
import { type Bus, idempotency, type IdempotencyStore } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { epochNow } from "../../epoch-now.ts";
import { range } from "../../expect.ts";
import { Recorder } from "../../recorder.ts";
import { always, topics } from "../../owed.ts";

/** Longer than any case waits, so that only what is given back comes to somebody else. */
const long = "10m";
/** Longer than it takes a slow machine to hand a message to the next member. */
const short = 6_000;

const alone: readonly Case[] = casesOf("IDM-1", {
  "": {
    shows: "of duplicates that come at once to two members one handler runs, and no other after its success",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const store = bench.store();
      const members = [await member(bench, store, long), await member(bench, store, long)] as const;
      const seen = new Recorder();
      const told = Promise.withResolvers<void>();
      const work = seen.handler(() => told.promise);
      for (const bus of members) await bus.work(queue, { concurrency: 5 }, work);
      await Promise.all(range(0, 6).map(() => members[0].send(queue, { n: 1 }, { id: "same" })));
      await members[0].send(queue, { n: 2 });
      await bench.eventually(
        "both messages",
        () => seen.numbers,
        (numbers) => numbers.includes(1) && numbers.includes(2),
      );
      // Every duplicate has been in a member's hands by now or will be while this marker is handled.
      await bench.eventually(
        "nothing but what is handled and what waits",
        () => members[0].inbox(queue).stats(),
        ({ ready, inFlight }) => (ready ?? 0) === 0 && (inFlight ?? 2) <= 2,
      );
      assert.equal(seen.of(1).length, 1, "handlers at once");
      told.resolve();
      await bench.drained(members[0].inbox(queue));
      assert.equal(seen.of(1).length, 1, "handlers of the duplicates");
      assert.equal((await members[0].inbox(queue).stats()).dead ?? 0, 0, "dead letters");
    },
  },
  after: {
    shows: "a duplicate that comes after a success is settled without its handler, by another member too",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const store = bench.store();
      const seen = new Recorder();
      const first = await member(bench, store, long);
      await first.work(queue, {}, seen.handler());
      await first.send(queue, { n: 1 }, { id: "same" });
      await bench.drained(first.inbox(queue));
      await first.close();
      const second = await member(bench, store, long);
      await second.work(queue, {}, seen.handler());
      await second.send(queue, { n: 1 }, { id: "same" });
      await second.send(queue, { n: 2 }, { id: "other" });
      await bench.drained(second.inbox(queue));
      assert.deepEqual(seen.numbers, [1, 2], "handled by both members");
    },
  },
  groups: {
    shows: "another group handles its own copy",
    owed: topics,
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const bus = await member(bench, bench.store(), long);
      const groups = [bench.name("group"), bench.name("group")] as const;
      const seen: string[] = [];
      for (const group of groups) await bus.subscribe(topic, { group }, (message) => void seen.push(message.group));
      await bus.publish(topic, { n: 1 }, { id: "same" });
      for (const group of groups) await bench.drained(bus.inbox(topic, group));
      assert.deepEqual(seen.toSorted(), groups.toSorted(), "groups that handled it");
    },
  },
});

const givenBack: readonly Case[] = casesOf("IDM-2", {
  "": {
    shows: "a failed handler gives its claim back at once: its retry is handled",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await member(bench, bench.store(), long);
      const seen = new Recorder();
      const work = seen.handler(({ attempt }) => {
        if (attempt === 1) throw new Error("told to fail");
      });
      await bus.work(queue, { retry: { delay: 0 } }, work);
      await bus.send(queue, { n: 1 });
      await bench.eventually(
        "its second attempt",
        () => seen.done.length,
        (count) => count === 1,
      );
    },
  },
  lease: {
    shows: "the claim of a member that is gone ends with its lease, and not before",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const store = bench.store();
      const gone = await member(bench, store, short);
      const seen = new Recorder();
      const began = Promise.withResolvers<void>();
      await gone.work(queue, {}, () => {
        began.resolve();
        return new Promise(() => undefined);
      });
      await gone.send(queue, { n: 1 });
      await began.promise;
      const beganAt = epochNow();
      await gone.close({ grace: 0 });
      const next = await member(bench, store, short);
      await next.work(queue, {}, seen.handler());
      await bench.eventually(
        "the next member has it",
        () => seen.began,
        ({ length }) => length > 0,
        bench.leaseBoundMs,
      );
      const after = (seen.began[0]?.beganAt ?? 0) - beganAt;
      assert(after >= short - 20, `handled by the next one after ${after} ms, the claim lasts ${short} ms`);
    },
  },
});

async function member(bench: Bench, store: IdempotencyStore, lease: "10m" | number): Promise<Bus> {
  return (await bench.connect()).use(idempotency({ store, lease }));
}

/** IDM-1, IDM-2 */
export const duplicates: readonly Case[] = [...alone, ...givenBack];
