import assert from "node:assert/strict";
import type { DeadLetter, WireMessage } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { sameNumbers } from "../../expect.ts";
import { lettersIn } from "../../letters.ts";
import { always } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const structured = { "content-type": "application/cloudevents+json" };

/** What others may put on the wire, by the reason it is dead for. */
const wire: readonly (readonly [reason: string, body: (type: string) => string | Uint8Array, headers: object])[] = [
  ["malformed", () => new Uint8Array([0xff, 0x00, 0xfe]), structured],
  ["malformed", () => '{"specversion":"1.0","id":"x","ty', structured],
  ["malformed", () => "", structured],
  ["malformed", () => "null", structured],
  ["malformed", () => "[".repeat(100_000), structured],
  ["malformed", () => "plain text", {}],
  ["malformed", (type) => event(type, { specversion: "9.9" }), structured],
  ["invalid", (type) => event(type, { data: { n: "not a number" } }), structured],
  ["invalid", (type) => event(type, {}), structured],
  ["unknown-type", () => event("some.other.type", { data: { n: 1 } }), structured],
  ["unknown-version", (type) => event(type, { dataversion: "7", data: { n: 1 } }), structured],
];

/** DLQ-3 */
export const unreadable: readonly Case[] = casesOf("DLQ-3", {
  "": {
    shows:
      "bytes nobody can read, data that does not match, unknown types and versions die with their raw bytes; the rest goes on",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const seen = new Recorder();
      await bus.work(queue, { concurrency: 2 }, seen.handler());
      const transport = await bench.transport();
      const messages = wire.map(([, body, headers], index): WireMessage => ({
        id: `raw-${index}`,
        dedupe: `raw-${index}`,
        source: queue.name,
        key: undefined,
        headers: { ...headers, mine: `${index}` },
        body: Buffer.from(body(queue.name)),
        deliverAt: undefined,
        priority: 0,
      }));
      const source = { kind: "source", name: queue.name, shape: queue.shape } as const;
      const results = await transport.send(source, messages, { deadline: Date.now() + 10_000 });
      assert.deepEqual(new Set(results), new Set(["stored"]), "results of the raw send");
      await bus.send(queue, { n: 1 });
      await bench.eventually(
        "the message after them",
        () => seen.done,
        (done) => done.includes(1),
      );
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, [1], "handled");
      const letters = await lettersIn(bus.inbox(queue));
      assert.equal(letters.length, wire.length, "dead letters");
      for (const [index, [reason]] of wire.entries()) checkLetter(letters, messages[index], reason);
    },
  },
});

function checkLetter(letters: readonly DeadLetter[], message: WireMessage | undefined, reason: string): void {
  const letter = letters.find(({ headers }) => headers["mine"] === message?.headers["mine"]);
  assert(letter !== undefined && message !== undefined, `a letter for ${message?.id}`);
  assert.deepEqual(Buffer.from(letter.raw), Buffer.from(message.body), `the raw bytes of ${message.id}`);
  assert.equal(letter.reason, reason, `why ${message.id} is dead: ${letter.error.message}`);
}

function event(type: string, parts: object): string {
  return JSON.stringify({ specversion: "1.0", id: "foreign", type, source: "other", ...parts });
}
