import assert from "node:assert/strict";
import { PermanentError } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { outlineOf } from "../../item.ts";
import { lettersIn } from "../../letters.ts";
import { always, every, kills, where } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const counted: readonly Case[] = casesOf("RTY-1", {
  "": {
    shows: "a message that always fails is handled maxAttempts times, numbered from 1, and then no more",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const seen = new Recorder();
      const options = { retry: { maxAttempts: 4, delay: 0 } };
      await bus.work(
        queue,
        options,
        seen.handler(() => Promise.reject(new Error("always"))),
      );
      await bus.send(queue, { n: 1 });
      await bench.eventually(
        "four attempts",
        () => seen.began.length,
        (count) => count >= 4,
      );
      await bench.drained(bus.inbox(queue));
      assert.deepEqual(
        seen.began.map(({ attempt }) => attempt),
        [1, 2, 3, 4],
        "attempts",
      );
      assert.equal((await bus.inbox(queue).stats()).dead, 1, "dead letters");
    },
  },
  members: {
    shows: "failures are counted across members and restarts",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const sender = await bench.connect();
      await sender.send(queue, { n: 1 });
      const seen = new Recorder();
      const options = { retry: { maxAttempts: 3, delay: 300 } };
      for (const attempt of [1, 2, 3]) {
        const bus = await bench.connect();
        await bus.work(
          queue,
          options,
          seen.handler(() => Promise.reject(new Error("always"))),
        );
        await bench.eventually(
          `attempt ${attempt}`,
          () => seen.began.length,
          (count) => count >= attempt,
        );
        await bus.close();
      }
      assert.deepEqual(
        seen.began.map(({ attempt }) => attempt),
        [1, 2, 3],
        "attempts",
      );
      const { dead } = await bench.eventually(
        "nothing but dead letters",
        () => sender.inbox(queue).stats(),
        ({ ready, inFlight, delayed }) => (ready ?? 0) + (inFlight ?? 0) + (delayed ?? 0) === 0,
      );
      assert.equal(dead, 1, "dead letters");
    },
  },
  crash: {
    shows: "failures survive the death of the member that counted them, and the death itself is no failure",
    owed: every(
      kills,
      where("attempts that are stored", (manifest) => manifest.attempts === "stored"),
    ),
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const failing = await bench.member({ of: outlineOf(queue), act: "fail", retryDelayMs: 100 });
      await bus.send(queue, { n: 1 });
      await bench.eventually(
        "a failure that is settled",
        () => failing.began.length,
        (count) => count >= 2,
      );
      await failing.kill();
      const dying = await bench.member({ of: outlineOf(queue), act: "hang" });
      await bench.eventually(
        "it is in the next hands",
        () => dying.began.length,
        (count) => count >= 1,
        bench.leaseBoundMs,
      );
      await dying.kill();
      const seen = new Recorder();
      await bus.work(queue, {}, seen.handler());
      await bench.eventually(
        "it is handled",
        () => seen.done.length,
        (count) => count >= 1,
        bench.leaseBoundMs,
      );
      await bench.drained(bus.inbox(queue), bench.leaseBoundMs);
      const before = failing.began.length;
      const attempt = dying.began[0]?.attempt;
      // Its last one may not have been settled, and is made again then.
      assert(attempt === before + 1 || attempt === before, `attempt ${attempt} after ${before}`);
      const after = seen.began.map((one) => one.attempt);
      // A crash in a move that is a copy may have left two of it.
      const isTwin = bench.manifest.move === "copy" && after.length === 2 && after.includes(attempt);
      assert(
        isTwin || (after.length === 1 && after[0] === attempt),
        `attempts ${after.join(" ")} after a death in ${attempt}`,
      );
    },
  },
});

const permanent: readonly Case[] = casesOf("RTY-6", {
  "": {
    shows: "an error that is permanent, by its class or by the policy, goes straight to the dead letters",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const seen = new Recorder();
      const isPermanent = (error: unknown): boolean => error instanceof RangeError;
      await bus.work(
        queue,
        { retry: { maxAttempts: 5, delay: 0, permanent: isPermanent } },
        seen.handler(({ data }) => {
          throw data.n === 1 ? new PermanentError("by its class") : new RangeError("by the policy");
        }),
      );
      await bus.publishMany(queue, [{ n: 1 }, { n: 2 }]);
      await bench.eventually(
        "two dead letters",
        () => bus.inbox(queue).stats(),
        ({ dead }) => dead === 2,
      );
      const letters = await lettersIn(bus.inbox(queue));
      assert.deepEqual(
        seen.began.map(({ attempt }) => attempt),
        [1, 1],
        "attempts",
      );
      assert.deepEqual(
        letters.map(({ reason, attempts: count }) => [reason, count]),
        [
          ["permanent", 1],
          ["permanent", 1],
        ],
      );
    },
  },
});

/** RTY-1, RTY-6 */
export const attempts: readonly Case[] = [...counted, ...permanent];
