import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { codeOf, gate, range, sameNumbers, settlesAfter, unique } from "../../expect.ts";
import { lettersIn, numberOf } from "../../letters.ts";
import { restarts as owed } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** FLT-1, the broker. */
export const restarted: readonly Case[] = casesOf("FLT-1", {
  restart: {
    shows:
      "the broker is killed and started again: what was confirmed, held, delayed or dead is kept, what was settled stays so",
    owed,
    async run(bench) {
      const [queue, broker, seen, { opened, open }] = [bench.queue(), await bench.broker(), new Recorder(), gate()];
      const bus = await bench.connect({ url: broker.url, publishTimeout: 60_000 });
      const work = seen.handler(async ({ data: { n } }) => {
        if (n === 0) throw new Error("told to fail");
        if (n >= 10) await opened;
      });
      await bus.work(queue, { concurrency: 5, retry: { maxAttempts: 1 } }, work);
      await bus.publishMany(queue, items(0, 10));
      await bench.drained(bus.inbox(queue));
      const isDelayed = bench.manifest.maxDelay >= 5_000;
      if (isDelayed) await bus.send(queue, { n: 60 }, { delay: 1_000 });
      await bus.publishMany(queue, items(10, 30));
      await bench.eventually(
        "five are held",
        () => seen.running,
        (running) => running === 5,
      );
      const under = range(30, 60).map((n) => bench.later(bus.send(queue, { n })));
      await broker.kill();
      await broker.restart();
      open();
      await bench.within("another is confirmed", bus.send(queue, { n: 70 }));
      await bench.within("what was under way is confirmed", Promise.all(under));
      await bench.drained(bus.inbox(queue));
      sameNumbers(unique(seen.done), [...range(1, isDelayed ? 61 : 60), 70], "handled");
      sameNumbers(
        seen.numbers.filter((n) => n < 10),
        range(0, 10),
        "settled before",
      );
      sameNumbers((await lettersIn(bus.inbox(queue))).map(numberOf), [0], "dead");
    },
  },
  away: {
    shows:
      "while the broker is away publishes settle by their deadlines or wait, bounded in bytes; what is confirmed is delivered, and nothing else",
    owed,
    async run(bench) {
      const [queue, broker, seen] = [bench.queue(), await bench.broker(), new Recorder()];
      const [maxBufferedBytes, publishTimeout] = [100_000, 60_000];
      const bus = await bench.connect({ url: broker.url, maxBufferedBytes, publishTimeout });
      await bus.work(queue, {}, seen.handler());
      await bus.send(queue, { n: 0 });
      await broker.kill();
      const codes = await settlesAfter(500, () =>
        Promise.all(range(1, 21).map((n) => codeOf(bus.send(queue, { n }, { timeout: 500 })))),
      );
      assert(
        codes.every((code) => ["TIMEOUT", "OUTCOME_UNKNOWN"].includes(code)),
        `the hasty: ${codes.join(" ")}`,
      );
      const text = "x".repeat(5_000);
      const patient = range(21, 61).map((n) => codeOf(bus.send(queue, { n, text })));
      assert.equal(await Promise.race(patient), "BUSY", "what goes beyond the bytes");
      await broker.restart();
      codes.push(...(await bench.within("the patient", Promise.all(patient))));
      await bench.drained(bus.inbox(queue));
      const of = (...outcomes: readonly string[]): readonly number[] =>
        range(1, 61).filter((n) => outcomes.includes(codes[n - 1] ?? ""));
      assert(of("stored").length >= 10, `of the patient are confirmed: ${of("stored").length}`);
      assert.equal(of("stored", "TIMEOUT", "OUTCOME_UNKNOWN", "BUSY").length, 60, codes.join(" "));
      const handled = unique(seen.done).filter((n) => !of("OUTCOME_UNKNOWN").includes(n));
      sameNumbers(handled, [0, ...of("stored")], "handled");
    },
  },
});

function items(from: number, to: number): readonly { readonly n: number }[] {
  return range(from, to).map((n) => ({ n }));
}
