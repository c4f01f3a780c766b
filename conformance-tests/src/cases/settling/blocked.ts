import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { gate } from "../../expect.ts";
import { outlineOf } from "../../item.ts";
import { every, forks, where } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** ACK-4, where a lease is lost because nobody renews it: the member is alive, and its event loop is not. */
export const blocked: readonly Case[] = casesOf("ACK-4", {
  blocked: {
    shows:
      "a handler that blocks its process for three leases keeps its message, or its signal fires and its ack counts nowhere",
    owed: every(
      forks,
      where("a lease up to 5 s", ({ leaseMs }) => leaseMs <= 5_000),
    ),
    async run(bench) {
      const [queue, { opened, open }, seen] = [bench.queue(), gate(), new Recorder()];
      const sleeper = await bench.member({ of: outlineOf(queue), act: "block" });
      const bus = await bench.connect();
      await bus.send(queue, { n: 1, text: String(bench.manifest.leaseMs * 3) });
      await bench.eventually(
        "it is in its hands",
        () => sleeper.began.length,
        (count) => count === 1,
      );
      const work = seen.handler(async ({ attempt }) => {
        if (attempt > 1) return;
        await opened;
        throw new Error("the new holder fails");
      });
      await bus.work(queue, { retry: { delay: 0 } }, work);
      await bench.within("it is awake", sleeper.publish(outlineOf(bench.queue()), { n: 2 }), bench.leaseBoundMs);
      if (seen.began.length > 0)
        await bench.eventually(
          "its signal",
          () => sleeper.aborted,
          (aborted) => aborted.includes(1),
          bench.leaseBoundMs,
        );
      sleeper.go();
      await bench.eventually(
        "it is done",
        () => sleeper.done,
        (done) => done.includes(1),
      );
      await sleeper.close();
      open();
      await bench.drained(bus.inbox(queue));
      assert.deepEqual(
        seen.began.map(({ attempt }) => attempt),
        seen.began.length > 0 ? [1, 2] : [],
        "attempts of the new holder",
      );
    },
  },
});
