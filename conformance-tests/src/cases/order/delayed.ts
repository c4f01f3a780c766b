import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { late, sameNumbers } from "../../expect.ts";
import { delay, every, topics } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";
import { limitsDelays } from "../../shims.ts";

/** Longer than it takes a slow machine to hand over what has no delay. */
const delayMs = 1_500;

const withinLimit: readonly Case[] = casesOf("DLY-1", {
  "": {
    shows:
      "a delayed message comes to each group, never early and at most two seconds late, and is overtaken meanwhile",
    owed: every(topics, delay),
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const bus = await bench.connect();
      const groups = [new Recorder(), new Recorder()];
      for (const [index, seen] of groups.entries()) await bus.subscribe(topic, { group: `g${index}` }, seen.handler());
      const dueAt = Date.now() + delayMs + 300;
      const [relative] = await Promise.all([
        bus.publish(topic, { n: 1 }, { delay: delayMs }),
        bus.publish(topic, { n: 2 }, { deliverAt: new Date(dueAt) }),
        bus.publish(topic, { n: 3 }),
        bus.publish(topic, { n: 4 }, { deliverAt: Date.now() - 60_000 }),
      ]);
      for (const [index, seen] of groups.entries()) {
        await bench.eventually(
          "four messages",
          () => seen.numbers.length,
          (count) => count >= 4,
        );
        await bench.drained(bus.inbox(topic, `g${index}`));
        sameNumbers(seen.numbers, [1, 2, 3, 4], "delivered");
        assert.deepEqual(seen.numbers.slice(2), [1, 2], "the delayed ones come last");
        for (const [n, due] of [
          [1, relative.timestamp + delayMs],
          [2, dueAt],
        ] as const) {
          const at = seen.of(n)[0]?.beganAt ?? 0;
          assert(at >= due - 1 && at < due + late, `message ${n} came ${at - due} ms after it was due`);
        }
      }
    },
  },
  groups: {
    shows:
      "groups that are there when it is confirmed and when it is due get it, though nobody runs between, the publisher neither",
    owed: every(topics, delay),
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const bus = await bench.connect();
      for (const group of ["idle", "busy"]) await (await bus.subscribe(topic, { group }, () => undefined)).close();
      const publisher = await bench.connect();
      await publisher.publish(topic, { n: 1 }, { delay: 600 });
      await publisher.close();
      const groups = new Map(["idle", "busy"].map((group) => [group, new Recorder()]));
      for (const [group, seen] of groups) await bus.subscribe(topic, { group }, seen.handler());
      for (const [group, seen] of groups) {
        await bench.eventually(
          `the message in ${group}`,
          () => seen.numbers.length,
          (count) => count >= 1,
        );
        await bench.drained(bus.inbox(topic, group));
        sameNumbers(seen.numbers, [1], `group ${group}`);
      }
    },
  },
});

const beyondLimit: readonly Case[] = casesOf("DLY-2", {
  "": {
    shows:
      "a delay beyond the carrier's own limit is kept by the group's members, not early, uncounted, also over a restart of them all",
    owed: every(topics, delay),
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const shim = limitsDelays(250);
      const publisher = await bench.connect({ shim });
      const first = await bench.connect({ shim });
      const seen = new Recorder();
      await first.subscribe(topic, { group: "g" }, seen.handler());
      const sent = await publisher.publish(topic, { n: 1 }, { delay: 3_000 });
      await publisher.publish(topic, { n: 2 });
      await bench.eventually(
        "the one without a delay",
        () => seen.numbers,
        (numbers) => numbers.includes(2),
      );
      await bench.past("half of the delay", sent.timestamp + 1_500);
      await first.close();
      const second = await bench.connect({ shim });
      await second.subscribe(topic, { group: "g" }, seen.handler());
      await bench.eventually(
        "the delayed one",
        () => seen.done.length,
        (count) => count >= 2,
        3_000 + bench.boundMs,
      );
      await bench.drained(second.inbox(topic, "g"));
      sameNumbers(seen.numbers, [1, 2], "handled");
      const [one] = seen.of(1);
      const at = (one?.beganAt ?? 0) - sent.timestamp;
      assert(at >= 3_000 - 1 && at < 3_000 + late, `it came ${at} ms after it was published`);
      assert.equal(one?.attempt, 1, "its attempt");
    },
  },
  retries: {
    shows: "a retry's delay beyond that limit as well",
    owed: every(topics, delay),
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const bus = await bench.connect({ shim: limitsDelays(100) });
      const seen = new Recorder();
      const work = seen.handler(({ attempt }) => {
        if (attempt === 1) throw new Error("once");
      });
      // Longer than what a carrier that counts in seconds makes of the limit.
      await bus.subscribe(topic, { group: "g", retry: { delay: 3_000 } }, work);
      await bus.publish(topic, { n: 1 });
      await bench.eventually(
        "the second attempt",
        () => seen.done.length,
        (count) => count >= 1,
        3_000 + bench.boundMs,
      );
      const [first, second] = seen.of(1);
      const between = (second?.beganAt ?? 0) - (first?.beganAt ?? 0);
      assert(between >= 3_000 - 1 && between < 3_000 + late, `the retry came after ${between} ms`);
      assert.deepEqual([first?.attempt, second?.attempt], [1, 2], "attempts");
    },
  },
});

/** DLY-1, DLY-2 */
export const delayed: readonly Case[] = [...withinLimit, ...beyondLimit];
