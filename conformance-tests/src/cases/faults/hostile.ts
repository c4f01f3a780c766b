import assert from "node:assert/strict";
import type { DeadReason } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { sameNumbers } from "../../expect.ts";
import { lettersIn } from "../../letters.ts";
import { always } from "../../owed.ts";
import { sendRaw } from "../../raw.ts";
import { Recorder } from "../../recorder.ts";

interface Hostile {
  /** Why it dies, where the carrier takes it at all. */
  readonly reason: DeadReason;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const deep = "[".repeat(100_000) + "]".repeat(100_000);
const proto = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';

/** What anyone may put on the wire to hurt who reads it; the data of a good event is `{"n":1}`. */
function hostile(type: string): Readonly<Record<string, Hostile>> {
  const event = (members: string): string =>
    `{"specversion":"1.0","id":"x","type":${JSON.stringify(type)},"source":"x"${members}}`;
  const whole = event(',"data":{"n":1}');
  return {
    "cut in the middle": { reason: "malformed", body: whole.slice(0, -10) },
    "cut within a character": { reason: "malformed", body: Buffer.from(event(',"data":"\u00e9')).subarray(0, -3) },
    "invalid UTF-8": { reason: "malformed", body: Buffer.concat([Buffer.from(whole), Buffer.from([0xc3, 0x28])]) },
    "UTF-16": { reason: "malformed", body: Buffer.from(whole, "utf16le") },
    "two events in one": { reason: "malformed", body: whole + whole },
    "deep where an event is expected": { reason: "malformed", body: deep },
    "deep data": { reason: "invalid", body: event(`,"data":${deep}`) },
    "deep in an attribute": { reason: "malformed", body: event(`,"time":${deep},"data":{"n":1}`) },
    "deep and never closed": { reason: "malformed", body: "[".repeat(1_000_000) },
    "an id that is a number": { reason: "malformed", body: whole.replace('"x"', "5") },
    "a source that is null": { reason: "malformed", body: whole.replace('"source":"x"', '"source":null') },
    "a correlation that is a list": { reason: "malformed", body: event(',"correlationid":[],"data":{"n":1}') },
    "a specversion that is a number": { reason: "malformed", body: whole.replace('"1.0"', "1.0") },
    "a version below 1": { reason: "malformed", body: event(',"dataversion":-1,"data":{"n":1}') },
    "a version with a fraction": { reason: "malformed", body: event(',"dataversion":1.5,"data":{"n":1}') },
    "a version beyond all numbers": { reason: "malformed", body: event(',"dataversion":1e400,"data":{"n":1}') },
    "a version of thirty digits": { reason: "unknown-version", body: event(`,"dataversion":"${"9".repeat(30)}"`) },
    "a number that is text": { reason: "invalid", body: event(',"data":{"n":"1"}') },
    "data that is null": { reason: "invalid", body: event(',"data":null') },
    "data under the names of every object": { reason: "invalid", body: event(`,"data":${proto}`) },
    "an event under such a name": { reason: "malformed", body: `{"__proto__":${whole}}` },
    "base64 that is none": { reason: "malformed", body: event(',"data_base64":"=n=:1}"') },
    "base64 of something else": { reason: "malformed", body: event(',"data_base64":"AAAA"') },
    "base64 that is a list": { reason: "malformed", body: event(',"data_base64":[123,125]') },
    "a megabyte of header": { reason: "malformed", body: "{", headers: { "x-long": "x".repeat(1_000_000) } },
    "a note of ours that is broken": {
      reason: "malformed",
      body: "{",
      headers: { "waybill-note": `{"death":${deep}}` },
    },
    "a due time of ours beyond all times": { reason: "malformed", body: "{", headers: { "waybill-due": "1e300" } },
    "headers under the names of every object": {
      reason: "malformed",
      body: "{",
      headers: JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as Record<string, string>,
    },
    "both modes at once": { reason: "malformed", body: "", headers: { ce_specversion: "1.0", ce_id: "x" } },
  };
}

/** FLT-3 */
export const hostileInput: readonly Case[] = casesOf("FLT-3", {
  "": {
    shows:
      "whatever comes from the wire ends as a dead letter with its raw bytes, and the good message behind it is handled",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const [bus, seen] = [await bench.connect(), new Recorder()];
      const inputs = Object.entries(hostile(queue.name));
      const results = await sendRaw(
        bench,
        queue,
        inputs.map(([id, { headers, body }]) => ({
          id,
          headers: { "content-type": "application/cloudevents+json", ...headers },
          body: Buffer.from(body),
        })),
      );
      // A carrier may refuse what is over its limits; what it takes has to come to its end.
      for (const [index, result] of results.entries()) {
        const tooLarge = result !== "stored" && result.outcome === "refused" && result.error.code === "TOO_LARGE";
        assert(result === "stored" || tooLarge, `${inputs[index]?.[0]}: it is stored or too large`);
      }
      const expected = inputs.filter((_, index) => results[index] === "stored");
      assert(expected.length >= inputs.length - 2, "nearly all of it is stored");
      const concurrency = 1;
      await bus.work(queue, { concurrency }, seen.handler());
      await bus.send(queue, { n: 2 });
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, [2], "handled");
      assert.equal(({} as Readonly<Record<string, unknown>>)["polluted"], undefined, "what every object inherits");
      const letters = new Map((await lettersIn(bus.inbox(queue))).map((letter) => [letter.id, letter]));
      assert.equal(letters.size, expected.length, "dead letters");
      for (const [what, { reason, body }] of expected) {
        const letter = letters.get(what);
        assert(letter !== undefined, `a dead letter for ${what}`);
        assert.equal(letter.reason, reason, `why ${what} is dead: ${letter.error.message}`);
        assert(Buffer.from(letter.raw).equals(Buffer.from(body)), `the raw bytes of ${what}`);
      }
    },
  },
});
