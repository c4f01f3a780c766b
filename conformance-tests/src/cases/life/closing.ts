import assert from "node:assert/strict";
import process from "node:process";
import { type Case, casesOf } from "../../case.ts";
import { gate, range, rejection, sameNumbers } from "../../expect.ts";
import { always } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const grace: readonly Case[] = casesOf("LIF-1", {
  finishes: {
    shows: "close lets running handlers finish and settles them, and gives back at once what was not started",
    owed: always,
    async run(bench) {
      const [queue, { opened, open }] = [bench.queue(), gate()];
      const [bus, other] = [await bench.connect(), await bench.connect()];
      const [seen, elsewhere] = [new Recorder(), new Recorder()];
      await bus.work(
        queue,
        { concurrency: 2 },
        seen.handler(({ data }) => (data.n < 20 ? opened : undefined)),
      );
      // Short handlers make the consumer take more at once than it handles, so that there is something to give back.
      await bus.publishMany(
        queue,
        range(20, 420).map((n) => ({ n })),
      );
      await bench.eventually(
        "the short ones",
        () => seen.done.length,
        (count) => count >= 400,
      );
      await bus.publishMany(
        queue,
        range(0, 20).map((n) => ({ n })),
      );
      await bench.eventually(
        "two running",
        () => seen.running,
        (running) => running === 2,
      );
      const closing = bench.later(bus.close({ grace: "1m" }));
      await other.work(queue, {}, elsewhere.handler());
      await bench.eventually(
        "the other 18",
        () => elsewhere.done.length,
        (count) => count >= 18,
      );
      open();
      await closing;
      await bench.drained(other.inbox(queue));
      assert.equal(seen.done.length, 402, "finished by the one that closes");
      sameNumbers([...seen.numbers, ...elsewhere.numbers], range(0, 420), "handled");
      assert(
        elsewhere.began.every(({ attempt }) => attempt === 1),
        "attempts elsewhere",
      );
    },
  },
  "takes-no-more": {
    shows: "once close is called nothing more is started",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const [bus, other] = [await bench.connect(), await bench.connect()];
      const [seen, elsewhere] = [new Recorder(), new Recorder()];
      const [{ opened, open }, idle] = [gate(), await other.work(queue, {}, elsewhere.handler())];
      idle.pause();
      await bus.work(
        queue,
        { concurrency: 2 },
        seen.handler(({ data }) => (data.n === 0 ? opened : undefined)),
      );
      await other.send(queue, { n: 0 });
      await bench.eventually(
        "one running",
        () => seen.running,
        (running) => running === 1,
      );
      const closing = bench.later(bus.close());
      await other.publishMany(
        queue,
        range(1, 21).map((n) => ({ n })),
      );
      idle.resume();
      await bench.eventually(
        "the others elsewhere",
        () => elsewhere.done.length,
        (count) => count >= 20,
      );
      open();
      await closing;
      await bench.drained(other.inbox(queue));
      sameNumbers(seen.numbers, [0], "started by the one that closes");
      sameNumbers(elsewhere.numbers, range(1, 21), "started elsewhere");
    },
  },
  expires: {
    shows: "after the grace a handler is told so, and its message is another's at once, not counted as a failure",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const [bus, other] = [await bench.connect(), await bench.connect()];
      const seen = new Recorder();
      let reason: unknown;
      const hold = ({ signal }: { readonly signal: AbortSignal }): Promise<unknown> =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve((reason = signal.reason)));
        });
      await bus.work(queue, {}, seen.handler(hold));
      await bus.send(queue, { n: 1 });
      await bench.eventually(
        "it runs",
        () => seen.running,
        (running) => running === 1,
      );
      await bus.close({ grace: 50 });
      await rejection(() => Promise.reject(reason as Error), "CLOSED");
      const elsewhere = new Recorder();
      await other.work(queue, {}, elsewhere.handler());
      await bench.eventually(
        "another has it",
        () => elsewhere.done.length,
        (count) => count >= 1,
      );
      await bench.drained(other.inbox(queue));
      assert.deepEqual(
        elsewhere.began.map(({ attempt }) => attempt),
        [1],
        "attempts of the other",
      );
    },
  },
});

const nothingLeft: readonly Case[] = casesOf("LIF-2", {
  repeat: {
    shows: "close may be called again, at once and later, on bus and consumer",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const consumer = await bus.work(queue, {}, () => undefined);
      const closing = Promise.all([consumer.close(), consumer.close(), bus.close(), bus.close({ grace: 0 })]);
      await bench.within("all four have closed", closing);
      await bench.within("both are closed", Promise.all([consumer.close(), bus.close()]));
      await rejection(() => bus.work(queue, {}, () => undefined), "CLOSED");
    },
  },
  resources: {
    shows: "after close the process has no more timers, sockets and other resources than before",
    owed: always,
    alone: true,
    async run(bench) {
      const use = async (): Promise<void> => {
        const queue = bench.queue();
        const bus = await bench.connect();
        const seen = new Recorder();
        await bus.work(
          queue,
          { retry: { maxAttempts: 2, delay: "10m" }, timeout: "10m" },
          seen.handler(({ data }) => {
            if (data.n === 3) throw new Error("waits for its retry");
          }),
        );
        await bus.publishMany(
          queue,
          range(0, 10).map((n) => ({ n })),
        );
        await bench.eventually(
          "nine",
          () => seen.done.length,
          (count) => count >= 9,
        );
        await bus.close();
      };
      // What is made once for all connections, such as a thread pool, is no leak.
      await use();
      const before = await quiet(bench.eventually.bind(bench));
      // More than what ends meanwhile of what others have left behind.
      for (const _ of range(0, 12)) await use();
      const what = "no more resources than before";
      await bench.eventually(what, resources, (after) => after.length <= before, 3_000);
    },
  },
});

/** LIF-1, LIF-2 */
export const closing: readonly Case[] = [...grace, ...nothingLeft];

function resources(): readonly string[] {
  return process.getActiveResourcesInfo();
}

/** How many resources there are once that does not change any more. */
async function quiet(
  eventually: (what: string, look: () => number, until: (n: number) => boolean) => Promise<number>,
): Promise<number> {
  let [last, same] = [-1, 0];
  return eventually(
    "resources that do not change",
    () => resources().length,
    (count) => {
      same = count === last ? same + 1 : 0;
      last = count;
      return same >= 5;
    },
  );
}
