import assert from "node:assert/strict";
import type { Delivery, Headers, WireMessage } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { lettersIn } from "../../letters.ts";
import { always } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";
import { seam } from "../../seam.ts";

const futureHeaders: Headers = {
  "content-type": "application/cloudevents+json",
  "waybill-future": "set by a later version",
  mine: "the user's",
};

/** LAY-2 */
export const upgrades: readonly Case[] = casesOf("LAY-2", {
  future: {
    shows:
      "what a later version writes is handled, and keeps attributes and headers nobody here knows through retry and death",
    owed: always,
    async run(bench) {
      const { bus, queue, inbox, transport } = await seam(bench);
      const message = fromTheFuture(queue.name);
      const seen = new Recorder();
      const work = seen.handler(() => {
        throw new Error("fails here");
      });
      await bus.work(queue, { retry: { maxAttempts: 2, delay: 20 } }, work);
      const source = { kind: "source", name: queue.name, shape: queue.shape } as const;
      assert.deepEqual(await transport.send(source, [message], { deadline: Date.now() + 10_000 }), ["stored"]);
      await bench.eventually(
        "it is dead",
        () => bus.inbox(queue).stats(),
        ({ dead }) => dead === 1,
      );
      assert.deepEqual(
        seen.began.map(({ n, attempt, headers }) => [n, attempt, headers["mine"]]),
        [
          [1, 1, "the user's"],
          [1, 2, "the user's"],
        ],
        "handlings",
      );
      const letters: Delivery[] = [];
      const keep = async (letter: Delivery): Promise<"keep"> => (letters.push(letter), "keep");
      await transport.walk(inbox, keep, new AbortController().signal);
      const [letter] = letters;
      assert.deepEqual(Buffer.from(letter?.body ?? []), Buffer.from(message.body), "the body");
      for (const [name, value] of Object.entries(futureHeaders)) assert.equal(letter?.headers[name], value, name);
    },
  },
  members: {
    shows:
      "members with other tunables share a group: the failures one has counted are the other's, and what waits is kept",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const [old, young] = [await bench.connect(), await bench.connect()];
      const seen = new Recorder();
      const work = seen.handler(({ data }) => {
        if (data.n === 0) throw new Error("fails everywhere");
      });
      const first = await old.work(queue, { concurrency: 1, retry: { maxAttempts: 9, delay: 200 } }, work);
      await old.send(queue, { n: 0 });
      await bench.eventually(
        "two failures",
        () => seen.began.length,
        (count) => count === 2,
      );
      first.pause();
      await old.send(queue, { n: 1 });
      await young.work(queue, { concurrency: 5, timeout: "1m", retry: { maxAttempts: 3, delay: 0 } }, work);
      await bench.eventually(
        "it is dead",
        () => young.inbox(queue).stats(),
        ({ dead }) => dead === 1,
      );
      await bench.drained(young.inbox(queue));
      assert.deepEqual(seen.done, [1], "what waited");
      assert.deepEqual(
        seen.of(0).map(({ attempt }) => attempt),
        [1, 2, 3],
        "attempts",
      );
      const [letter] = await lettersIn(young.inbox(queue));
      assert.equal(letter?.attempts, 3, "attempts in the letter");
    },
  },
});

function fromTheFuture(name: string): WireMessage {
  const event = {
    specversion: "1.0",
    id: "future",
    type: name,
    source: "waybill 9",
    sequencetype: "Integer",
    futureextension: "kept",
    data: { n: 1, futuremember: true },
  };
  const body = Buffer.from(JSON.stringify(event));
  const rest = { key: undefined, headers: futureHeaders, body, deliverAt: undefined, priority: 0 };
  return { id: "future", dedupe: "future", source: name, ...rest };
}
