import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers } from "../../expect.ts";
import { outlineOf } from "../../item.ts";
import { always, every, stops, where } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** EFF-1 */
export const effects: readonly Case[] = casesOf("EFF-1", {
  success: {
    shows: "what a handler sends leaves once when it succeeds, with its cause",
    owed: always,
    async run(bench) {
      const [orders, mails] = [bench.queue(), bench.queue()];
      const bus = await bench.connect();
      const [seen, sent] = [new Recorder(), new Recorder()];
      await bus.work(mails, {}, sent.handler());
      await bus.work(
        orders,
        {},
        seen.handler(({ data, send }) => send(mails, { n: data.n })),
      );
      await bus.publishMany(
        orders,
        range(0, 20).map((n) => ({ n })),
      );
      await bench.eventually(
        "20 mails",
        () => sent.numbers.length,
        (count) => count >= 20,
      );
      await bench.drained(bus.inbox(mails));
      sameNumbers(sent.numbers, range(0, 20), "sent by handlers");
      for (const mail of sent.began) {
        const [cause] = seen.of(mail.n);
        assert.equal(mail.causationId, cause?.id, "causation");
        assert.equal(mail.correlationId, cause?.correlationId, "correlation");
      }
    },
  },
  failure: {
    shows: "what a failed attempt has sent does not leave; what the next attempt sends does",
    owed: always,
    async run(bench) {
      const [orders, mails] = [bench.queue(), bench.queue()];
      const bus = await bench.connect();
      const [seen, sent] = [new Recorder(), new Recorder()];
      await bus.work(mails, {}, sent.handler());
      const work = seen.handler(async ({ attempt, send }) => {
        await send(mails, { n: attempt });
        if (attempt < 3) throw new Error("after sending");
      });
      await bus.work(orders, { retry: { delay: 0 } }, work);
      await bus.send(orders, { n: 1 });
      await bench.eventually(
        "it succeeds",
        () => seen.done.length,
        (count) => count === 1,
      );
      await bench.drained(bus.inbox(orders));
      await bench.eventually(
        "a mail",
        () => sent.numbers.length,
        (count) => count >= 1,
      );
      await bench.drained(bus.inbox(mails));
      sameNumbers(sent.numbers, [3], "the attempts whose mail left");
    },
  },
  zombie: {
    shows: "where a move is one step, what a zombie's handler has sent does not leave",
    owed: every(
      stops,
      where("moves in one step", ({ move }) => move === "atomic"),
    ),
    async run(bench) {
      const [orders, mails] = [bench.queue(), bench.queue()];
      const zombie = await bench.member({ of: outlineOf(orders), act: "send" });
      const bus = await bench.connect();
      const [seen, sent] = [new Recorder(), new Recorder()];
      await bus.work(mails, {}, sent.handler());
      await bus.send(orders, { n: 1, text: mails.name });
      await bench.eventually(
        "it is in its hands",
        () => zombie.began.length,
        (count) => count === 1,
      );
      zombie.freeze();
      await bus.work(orders, {}, seen.handler());
      await bench.eventually(
        "another is done",
        () => seen.done.length,
        (count) => count >= 1,
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
      await bus.send(mails, { n: 2 });
      await bench.eventually(
        "the marker",
        () => sent.numbers,
        (numbers) => numbers.includes(2),
      );
      await bench.drained(bus.inbox(mails));
      sameNumbers(sent.numbers, [2], "mails");
    },
  },
});
