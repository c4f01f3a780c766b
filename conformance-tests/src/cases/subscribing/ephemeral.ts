import type { Inbox, Topic, Transport } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers, unique } from "../../expect.ts";
import { type Item, outlineOf } from "../../item.ts";
import { every, kills, links, topics } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** SUB-7 */
export const ephemeral: readonly Case[] = casesOf("SUB-7", {
  copies: {
    shows: "each listener gets its own copy of what comes while it lives, beside the groups",
    owed: topics,
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const bus = await bench.connect();
      const [first, second, group] = [new Recorder(), new Recorder(), new Recorder()];
      await bus.subscribe(topic, { group: "g" }, group.handler());
      await bus.publish(topic, { n: 0 });
      await bus.listen(topic, first.handler());
      const other = await (await bench.connect()).listen(topic, second.handler());
      await bus.publishMany(
        topic,
        range(1, 21).map((n) => ({ n })),
      );
      for (const recorder of [first, second]) {
        await bench.eventually(
          "20 messages",
          () => recorder.numbers.length,
          (count) => count >= 20,
        );
        sameNumbers(recorder.numbers, range(1, 21), "a listener's copies");
      }
      await other.close();
      await bus.publish(topic, { n: 21 });
      await bench.eventually(
        "one more",
        () => first.numbers,
        (numbers) => numbers.includes(21),
      );
      await bench.eventually(
        "the group's",
        () => group.numbers.length,
        (count) => count >= 22,
      );
      sameNumbers(second.numbers, range(1, 21), "after its close");
      sameNumbers(group.numbers, range(0, 22), "the group beside them");
    },
  },
  close: {
    shows: "a listener that closes leaves nothing behind",
    owed: topics,
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const bus = await bench.connect();
      const consumer = await bus.listen(topic, () => undefined);
      await bus.publish(topic, { n: 1 });
      await consumer.close();
      await bus.publishMany(
        topic,
        range(2, 12).map((n) => ({ n })),
      );
      const transport = await bench.transport();
      await gone(bench, transport, inboxOf(topic, consumer.group), bench.boundMs);
    },
  },
  reconnect: {
    shows: "a listener whose connection is lost for a while gets what came meanwhile too",
    owed: every(topics, links),
    on: "topic",
    async run(bench) {
      const [topic, link, seen] = [bench.topic(), await bench.link(), new Recorder()];
      const reports: string[] = [];
      const direct = await bench.connect();
      const bus = await bench.connect({ url: link.url(bench.url), onReport: ({ kind }) => reports.push(kind) });
      await bus.listen(topic, seen.handler());
      await direct.publish(topic, { n: 0 });
      await bench.eventually(
        "the first",
        () => seen.done,
        (done) => done.includes(0),
      );
      await link.refuse();
      link.cut();
      await bench.eventually(
        "the loss is told",
        () => reports,
        (kinds) => kinds.includes("lost"),
      );
      await direct.publishMany(
        topic,
        range(1, 11).map((n) => ({ n })),
      );
      await link.accept();
      await bench.eventually(
        "what came meanwhile",
        () => unique(seen.done).length,
        (count) => count === 11,
        bench.leaseBoundMs,
      );
      await direct.publish(topic, { n: 11 });
      await bench.eventually(
        "the next",
        () => seen.done,
        (done) => done.includes(11),
      );
    },
  },
  sweep: {
    shows: "what a killed listener leaves behind is gone within sweepMs",
    owed: every(topics, kills),
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const member = await bench.member({ of: outlineOf(topic) });
      const bus = await bench.connect();
      await bus.subscribe(topic, { group: "alive" }, () => undefined);
      await bus.publish(topic, { n: 1 });
      await bench.eventually(
        "the listener's copy",
        () => member.began.length,
        (count) => count === 1,
      );
      await member.kill();
      await bus.publish(topic, { n: 2 });
      const transport = await bench.transport();
      const { sweepMs } = bench.manifest;
      await gone(bench, transport, inboxOf(topic, member.group), sweepMs * 2 + bench.boundMs);
    },
  },
});

function inboxOf({ name, shape }: Topic<Item>, group: string): Inbox {
  return { source: name, shape, group, ordered: false, ephemeral: true };
}

/** Nothing accumulates in it: the carrier knows it no more, or says it is empty although something was published. */
async function gone(bench: Bench, transport: Transport, inbox: Inbox, boundMs: number): Promise<void> {
  const look = (): Promise<number> =>
    transport.depth(inbox).then(
      ({ ready, inFlight, dead }) => (ready ?? 0) + (inFlight ?? 0) + (dead ?? 0),
      () => 0,
    );
  await bench.eventually(`nothing is left of ${inbox.group}`, look, (count) => count === 0, boundMs);
}
