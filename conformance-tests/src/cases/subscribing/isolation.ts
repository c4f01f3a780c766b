import type { Bus } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { sameNumbers } from "../../expect.ts";
import { always, topics } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** Different names that a careless encoding turns into one. */
const lookalikes: readonly string[] = [
  "a.b",
  "a_b",
  "a-b",
  "a b",
  "a/b",
  "a:b",
  "a%2eb",
  "a%2Eb",
  "a_2eb",
  "a.B",
  "A.b",
  "a.b.c",
  "a.b:dlq",
  "é",
  "e\u0301",
  "É",
  "🔑",
  "'; drop table x; --",
  "a{b}",
  "a,b",
  "x".repeat(255),
  `${"x".repeat(254)}y`,
];

/** SUB-3 */
export const isolation: readonly Case[] = casesOf("SUB-3", {
  namespaces: {
    shows: "the same names in two namespaces never meet",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const [one, other] = [bench.name("space"), bench.name("space")];
      const [here, there] = [await bench.connect({ namespace: one }), await bench.connect({ namespace: other })];
      const [seen, elsewhere] = [new Recorder(), new Recorder()];
      await here.work(queue, {}, seen.handler());
      for (const n of [10, 11]) await there.send(queue, { n });
      for (const n of [1, 2]) await here.send(queue, { n });
      await bench.eventually(
        "two here",
        () => seen.numbers.length,
        (count) => count >= 2,
      );
      await there.work(queue, {}, elsewhere.handler());
      await bench.eventually(
        "two there",
        () => elsewhere.numbers.length,
        (count) => count >= 2,
      );
      for (const bus of [here, there]) await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, [1, 2], "in one namespace");
      sameNumbers(elsewhere.numbers, [10, 11], "in the other");
    },
  },
  topics: {
    shows: "topics whose names look alike are kept apart",
    owed: topics,
    on: "topic",
    async run(bench) {
      const bus = await bench.connect();
      const seen = new Map(lookalikes.map((name) => [name, new Recorder()]));
      await Promise.all(
        [...seen].map(([name, recorder]) => bus.subscribe(bench.topic({ name }), { group: "g" }, recorder.handler())),
      );
      await publishEach(bench, bus);
      for (const [n, name] of lookalikes.entries()) {
        await bench.drained(bus.inbox(bench.topic({ name }), "g"));
        sameNumbers(seen.get(name)?.numbers ?? [], [n], `topic ${name}`);
      }
    },
  },
  groups: {
    shows: "groups whose names look alike each get their own copy",
    owed: topics,
    on: "topic",
    async run(bench) {
      const bus = await bench.connect();
      const topic = bench.topic();
      const seen = lookalikes.map((group) => ({ group, recorder: new Recorder() }));
      await Promise.all(seen.map(({ group, recorder }) => bus.subscribe(topic, { group }, recorder.handler())));
      await bus.publish(topic, { n: 1 });
      for (const { group, recorder } of seen) {
        await bench.eventually(
          `group ${group}`,
          () => recorder.numbers.length,
          (count) => count >= 1,
        );
        await bench.drained(bus.inbox(topic, group));
        sameNumbers(recorder.numbers, [1], `group ${group}`);
      }
    },
  },
  pairs: {
    shows: "a topic and a group whose names run together are kept apart from another such pair",
    owed: topics,
    on: "topic",
    async run(bench) {
      const bus = await bench.connect();
      const pairs = [
        ["a", "b.c"],
        ["a.b", "c"],
        ["a:b", "c"],
        ["a", "b:c"],
      ] as const;
      const seen = pairs.map(() => new Recorder());
      for (const [index, [name, group]] of pairs.entries()) {
        await bus.subscribe(bench.topic({ name }), { group }, (seen[index] as Recorder).handler());
      }
      const names = ["a", "a.b", "a:b"];
      for (const [n, name] of names.entries()) await bus.publish(bench.topic({ name }), { n });
      for (const [index, [name, group]] of pairs.entries()) {
        const recorder = seen[index] as Recorder;
        await bench.eventually(
          `${name} of ${group}`,
          () => recorder.numbers.length,
          (count) => count >= 1,
        );
        await bench.drained(bus.inbox(bench.topic({ name }), group));
        sameNumbers(recorder.numbers, [names.indexOf(name)], `topic ${name}, group ${group}`);
      }
    },
  },
});

/** The last first, so that a carrier which gives each in turn to who has waited longest does not give them right by chance. */
async function publishEach(bench: Bench, bus: Bus): Promise<void> {
  for (const [n, name] of [...lookalikes.entries()].toReversed()) await bus.publish(bench.topic({ name }), { n });
}
