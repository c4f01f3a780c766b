import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { gate, range, sameNumbers } from "../../expect.ts";
import { outlineOf } from "../../item.ts";
import { blocked } from "./blocked.ts";
import { always, every, kills, stops, where } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const death: readonly Case[] = casesOf("ACK-2", {
  "": {
    shows: "what a member had in its hands when it died goes to another within the lease time",
    owed: kills,
    async run(bench) {
      const queue = bench.queue();
      const member = await bench.member({ of: outlineOf(queue), concurrency: 5, act: "hang" });
      const bus = await bench.connect();
      await bus.publishMany(
        queue,
        range(0, 5).map((n) => ({ n })),
      );
      await bench.eventually(
        "five in its hands",
        () => member.began.length,
        (count) => count === 5,
      );
      await member.kill();
      const diedAt = Date.now();
      const seen = new Recorder();
      await bus.work(queue, {}, seen.handler());
      await bench.eventually(
        "all five",
        () => seen.done.length,
        (count) => count >= 5,
        bench.leaseBoundMs,
      );
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, range(0, 5), "handled by the survivor");
      const late = Math.max(...seen.began.map(({ beganAt }) => beganAt)) - diedAt;
      assert(late <= bench.manifest.leaseMs * 2 + 2_000, `the last came ${Math.round(late)} ms after the death`);
    },
  },
});

const holding: readonly Case[] = casesOf("ACK-3", {
  "": {
    shows: "a handler that runs for three leases keeps its message, and its ack counts",
    owed: every(
      always,
      where(
        "a lease up to 5 s, and a hold of three",
        ({ leaseMs, maxHold }) => leaseMs <= 5_000 && maxHold >= leaseMs * 3,
      ),
    ),
    async run(bench) {
      const [queue, { opened, open }] = [bench.queue(), gate()];
      const [bus, idle] = [await bench.connect(), await bench.connect()];
      const [seen, elsewhere] = [new Recorder(), new Recorder()];
      let aborted = false;
      await bus.work(
        queue,
        {},
        seen.handler(({ signal }) => {
          signal.addEventListener("abort", () => (aborted = true));
          return opened;
        }),
      );
      await bus.send(queue, { n: 1 });
      await bench.eventually(
        "it runs",
        () => seen.running,
        (running) => running === 1,
      );
      await idle.work(queue, {}, elsewhere.handler());
      await bench.past("three leases", Date.now() + bench.manifest.leaseMs * 3);
      assert.equal(aborted, false, "the signal fired");
      open();
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.done, [1], "handled by its holder");
      sameNumbers(elsewhere.numbers, [], "handled by the idle member");
    },
  },
});

const fencing: readonly Case[] = casesOf("ACK-4", {
  aborts: {
    shows: "when a stopped member goes on after its lease, its handler's signal has fired",
    owed: stops,
    async run(bench) {
      const queue = bench.queue();
      const zombie = await bench.member({ of: outlineOf(queue), act: "wait" });
      const bus = await bench.connect();
      await bus.send(queue, { n: 1 });
      await bench.eventually(
        "it is in its hands",
        () => zombie.began.length,
        (count) => count === 1,
      );
      zombie.freeze();
      const seen = new Recorder();
      await bus.work(queue, {}, seen.handler());
      await bench.eventually(
        "another has it",
        () => seen.done.length,
        (count) => count >= 1,
        bench.leaseBoundMs,
      );
      zombie.thaw();
      await bench.eventually(
        "its signal",
        () => zombie.aborted,
        (aborted) => aborted.includes(1),
        bench.leaseBoundMs,
      );
      zombie.go();
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, [1], "handled by the other");
    },
  },
  fenced: {
    shows: "the late ack of a zombie removes nothing: the message still fails, and is tried again, where it is now",
    owed: stops,
    async run(bench) {
      const [queue, { opened, open }] = [bench.queue(), gate()];
      const zombie = await bench.member({ of: outlineOf(queue), act: "wait" });
      const bus = await bench.connect();
      await bus.send(queue, { n: 1 });
      await bench.eventually(
        "it is in its hands",
        () => zombie.began.length,
        (count) => count === 1,
      );
      zombie.freeze();
      const seen = new Recorder();
      const work = seen.handler(async ({ attempt }) => {
        if (attempt > 1) return;
        await opened;
        throw new Error("the new holder fails");
      });
      await bus.work(queue, { retry: { delay: 0 } }, work);
      await bench.eventually(
        "another has it",
        () => seen.running,
        (running) => running === 1,
        bench.leaseBoundMs,
      );
      zombie.go();
      zombie.thaw();
      await bench.eventually(
        "the zombie is done",
        () => zombie.done,
        (done) => done.includes(1),
        bench.leaseBoundMs,
      );
      await zombie.close();
      open();
      await bench.eventually(
        "the second attempt",
        () => seen.done,
        (done) => done.includes(1),
      );
      await bench.drained(bus.inbox(queue));
      assert.deepEqual(
        seen.began.map(({ attempt }) => attempt),
        [1, 2],
        "attempts of the new holder",
      );
    },
  },
});

/** ACK-2, ACK-3, ACK-4 */
export const lease: readonly Case[] = [...death, ...holding, ...fencing, ...blocked];
