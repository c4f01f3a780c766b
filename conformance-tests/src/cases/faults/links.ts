import assert from "node:assert/strict";
import type { Bus, BusReport } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { codeOf, gate, range, sameNumbers, settlesAfter, unique } from "../../expect.ts";
import { every, links as owed, where } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** FLT-1, the link. */
export const links: readonly Case[] = casesOf("FLT-1", {
  cut: {
    shows: "connections are cut, again and again, while a bus publishes and consumes: all is confirmed, and handled",
    owed,
    async run(bench) {
      const [queue, link, seen] = [bench.queue(), await bench.link(), new Recorder()];
      const bus = await bench.connect({ url: link.url(bench.url), publishTimeout: 30_000 });
      await bus.work(queue, {}, seen.handler());
      for (const from of [0, 100, 200, 300]) {
        const sends = range(from, from + 100).map((n) => bench.later(bus.send(queue, { n })));
        await bench.within("one is confirmed", Promise.race(sends));
        link.cut();
        await bench.within("all are confirmed", Promise.all(sends));
      }
      await allHandled(bench, seen, 400);
      await bench.drained(bus.inbox(queue));
      sameNumbers(unique(seen.done), range(0, 400), "handled");
      await healthy(bench, bus);
    },
  },
  publish: {
    shows:
      "the reply to a publish is lost after the write: it is confirmed in the end and delivered, once where repeats are known",
    owed,
    async run(bench) {
      const [queue, link, seen] = [bench.queue(), await bench.link(), new Recorder()];
      const bus = await bench.connect({ url: link.url(bench.url), publishTimeout: 30_000 });
      await bus.send(queue, { n: 0 });
      for (const n of range(1, 6)) {
        const id = bench.name("lost");
        const dropped = bench.later(link.dropReply({ when: id }));
        const sent = bench.later(bus.send(queue, { n }, { id }));
        assert.equal(await bench.within("the reply is dropped", dropped), true);
        await bench.within("it is confirmed", sent);
      }
      await (await bench.connect()).work(queue, {}, seen.handler());
      await bench.drained(bus.inbox(queue));
      const handled = bench.manifest.dedupeMs > 60_000 ? seen.numbers : unique(seen.numbers);
      sameNumbers(handled, range(0, 6), "handled");
    },
  },
  settle: {
    shows: "the reply to a settlement is lost: what is settled is not delivered again, and the consumer goes on",
    owed,
    async run(bench) {
      const [queue, link, seen] = [bench.queue(), await bench.link(), new Recorder()];
      const { losses, onReport } = lossesOfLinks();
      const [bus, direct] = [await bench.connect({ url: link.url(bench.url), onReport }), await bench.connect()];
      const deafen = seen.handler(({ data: { n } }) => {
        if (n === 1 && seen.began.length === 1) link.toClient.blackHole();
      });
      const consumer = await bus.work(queue, {}, deafen);
      await direct.send(queue, { n: 1 });
      await bench.drained(direct.inbox(queue));
      // Healed any earlier, the link may still bring the reply.
      await isTold(bench, losses);
      await link.heal();
      await bench.within("another is confirmed", bus.send(queue, { n: 2 }));
      await bench.drained(direct.inbox(queue));
      await consumer.close();
      await (await bench.connect()).work(queue, {}, seen.handler());
      await bench.drained(direct.inbox(queue));
      sameNumbers(seen.numbers, [1, 2], "handled");
    },
  },
  lease: {
    shows: "a consumer whose link was deaf for longer than its lease gets what came meanwhile, each time",
    owed: every(
      owed,
      where("a lease up to 2 s", ({ leaseMs }) => leaseMs <= 2_000),
    ),
    async run(bench) {
      const [queue, link, seen] = [bench.queue(), await bench.link(), new Recorder()];
      const [bus, direct] = [await bench.connect({ url: link.url(bench.url) }), await bench.connect()];
      await bus.work(queue, {}, seen.handler());
      for (const from of range(0, 8).map((round) => round * 20)) {
        link.blackHole();
        const until = Date.now() + bench.manifest.leaseMs * 1.5;
        await direct.publishMany(
          queue,
          range(from, from + 20).map((n) => ({ n })),
        );
        await bench.past("its lease is over", until);
        await link.heal();
        await allHandled(bench, seen, from + 20);
      }
      sameNumbers(unique(seen.done), range(0, 160), "handled");
    },
  },
  hole: {
    shows:
      "behind a link that swallows everything health is red, others take over, publishes keep their deadlines; healed, all goes on",
    owed,
    async run(bench) {
      const [queue, link, { opened, open }] = [bench.queue(), await bench.link(), gate()];
      const [direct, cutOff, other] = [await bench.connect(), new Recorder(), new Recorder()];
      const { losses, onReport } = lossesOfLinks();
      const bus = await bench.connect({ url: link.url(bench.url), publishTimeout: 60_000, onReport });
      let aborted = false;
      const hold = cutOff.handler(({ signal }) => {
        signal.addEventListener("abort", () => (aborted = true));
        return opened;
      });
      await bus.work(queue, { concurrency: 2 }, hold);
      await bus.work(bench.queue(), {}, () => undefined);
      await bus.send(queue, { n: 1 });
      await bench.eventually(
        "it is held",
        () => cutOff.running,
        (running) => running === 1,
      );
      link.blackHole();
      const hasty = bench.later(settlesAfter(700, () => bus.send(queue, { n: 2 }, { timeout: 700 })));
      const patient = bench.later(bus.send(queue, { n: 3 }));
      const consumer = await direct.work(queue, {}, other.handler());
      await bench.eventually(
        "another has it",
        () => other.done,
        (done) => done.includes(1),
        bench.leaseBoundMs,
      );
      const code = await codeOf(hasty);
      assert(code === "OUTCOME_UNKNOWN" || code === "TIMEOUT", `the hasty publish: ${code}`);
      await bench.eventually(
        "health is red",
        () => isHealthy(bus),
        (is) => !is,
        patienceMs(bench),
      );
      await isTold(bench, losses);
      await consumer.close();
      open();
      await link.heal();
      await bench.within("the patient publish", patient);
      await direct.send(queue, { n: 4 });
      await bench.eventually(
        "it goes on",
        () => cutOff.done,
        (done) => done.includes(4),
        patienceMs(bench),
      );
      await bench.drained(direct.inbox(queue));
      assert(aborted, "the signal of the handler that lost its message has fired");
      sameNumbers(unique([...cutOff.numbers, ...other.numbers].filter((n) => n !== 2)), [1, 3, 4], "handled");
      sameNumbers(
        cutOff.numbers.filter((n) => n === 1),
        [1],
        "what was settled elsewhere",
      );
      await healthy(bench, bus);
    },
  },
});

/** How long an adapter may take to find out that nobody answers. */
function patienceMs({ boundMs }: Bench): number {
  return boundMs * 4;
}

/** Collects what is told of links that are lost; leases are another matter. */
function lossesOfLinks(): { readonly losses: readonly BusReport[]; readonly onReport: (report: BusReport) => void } {
  const losses: BusReport[] = [];
  const onReport = (report: BusReport): void => {
    if (report.kind === "lost" && report.error?.code !== "LEASE_LOST") losses.push(report);
  };
  return { losses, onReport };
}

function isTold(bench: Bench, losses: readonly BusReport[]): Promise<number> {
  return bench.eventually(
    "the loss is told",
    () => losses.length,
    (count) => count > 0,
    patienceMs(bench),
  );
}

/**
 * What was in hands that were cut off may be in none for a while, and is counted nowhere then. What was so twice may be what kills its
 * members, and goes alone: that may take long, as long as it goes on.
 */
async function allHandled(bench: Bench, seen: Recorder, messages: number): Promise<void> {
  const handled = (): number => unique(seen.done).length;
  for (let count = handled(); count < messages; count = handled())
    await bench.eventually(
      `more than ${count} of ${messages} messages are handled`,
      handled,
      (now) => now > count,
      bench.leaseBoundMs,
    );
}

async function isHealthy(bus: Bus): Promise<boolean> {
  return (await bus.health({ stalledAfter: 100 })).healthy;
}

async function healthy(bench: Bench, bus: Bus): Promise<void> {
  await bench.eventually(
    "health is green",
    () => isHealthy(bus),
    (is) => is,
  );
}
