import assert from "node:assert/strict";
import { bytes, queue as queueOf, type Headers } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { schema } from "../../item.ts";
import { always } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const bodies: readonly Uint8Array[] = [
  new Uint8Array(0),
  new Uint8Array([0]),
  Uint8Array.from({ length: 256 }, (_, index) => index),
  new Uint8Array([0xc3, 0x28, 0xff, 0xfe, 0xed, 0xa0, 0x80]),
  Buffer.from("\uFEFFno byte order mark is lost\r\n\0"),
  Uint8Array.from({ length: 100_000 }, (_, index) => (index * 31) % 256),
];

const headers: readonly Headers[] = [
  {},
  { plain: "value", empty: "", blank: " ", padded: "  two spaces  " },
  { ключ: "значение", "🔑": "🎁", é: "composed", "e\u0301": "decomposed" },
  { quotes: `"'\`\\`, lines: "one\r\ntwo\n\tthree", nul: "a\0b", comma: "a,b;c=d" },
  { Case: "upper", case: "lower", "with space": "x", "with:colon": "y", "": "a name that is empty" },
  Object.fromEntries([
    ["__proto__", "own"],
    ["constructor", "own"],
    ["toString", "own"],
  ]),
  { long: "x".repeat(4_000), json: `{"a":[1,null]}`, number: "007", bool: "true" },
];

/** PUB-4 */
export const exact: readonly Case[] = casesOf("PUB-4", {
  body: {
    shows: "bodies come back byte for byte: empty, binary, not UTF-8, 100 kB",
    owed: always,
    async run(bench) {
      const ofBytes = schema<Uint8Array>((value) => (value instanceof Uint8Array ? undefined : ["", "expected bytes"]));
      const queue = queueOf(bench.name("bytes"), { schema: ofBytes, codec: bytes });
      const bus = await bench.connect();
      const seen = new Map<string, Uint8Array>();
      await bus.work(queue, {}, ({ id, data }) => void seen.set(id, data));
      const sent = await Promise.all(bodies.map(async (body) => ({ body, id: (await bus.send(queue, body)).id })));
      await bench.eventually(
        "all bodies",
        () => seen.size,
        (count) => count >= bodies.length,
      );
      for (const { id, body } of sent) {
        assert.deepEqual(Buffer.from(seen.get(id) ?? []), Buffer.from(body), `a body of ${body.length} bytes`);
      }
    },
  },
  headers: {
    shows: "header names and values come back exactly: unicode, empty, quotes, line ends, long, names of Object's own",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const seen = new Recorder();
      await bus.work(queue, {}, seen.handler());
      await Promise.all(headers.map((each, n) => bus.send(queue, { n }, { headers: each })));
      await bench.eventually(
        "all messages",
        () => seen.numbers.length,
        (count) => count >= headers.length,
      );
      for (const { n, headers: got } of seen.began) {
        assert.deepEqual(
          new Map(Object.entries(got)),
          new Map(Object.entries(headers[n] ?? {})),
          `headers of message ${n}`,
        );
      }
    },
  },
  envelope: {
    shows: "id, key, correlation, time and source come back as publish returned them, across connections",
    owed: always,
    async run(bench) {
      const queue = bench.queue({ keyed: true });
      const bus = await bench.connect({ source: "the sender" });
      const seen = new Recorder();
      await (await bench.connect({ source: "the worker" })).work(queue, {}, seen.handler());
      const sent = [
        await bus.send(queue, { n: 1, key: "" }),
        await bus.send(queue, { n: 2, key: 'ключ "🔑"\n' }, { id: "own id/1", correlationId: "corr 🔗" }),
      ];
      await bench.eventually(
        "both messages",
        () => seen.numbers.length,
        (count) => count >= 2,
      );
      for (const [index, envelope] of sent.entries()) {
        const [handling] = seen.of(index + 1);
        assert(handling !== undefined, `message ${index + 1} arrived`);
        const { n: _, text: __, attempt, beganAt: ___, ...received } = handling;
        assert.deepEqual(received, { ...envelope, headers: { ...envelope.headers } });
        assert.equal(attempt, 1, "attempt");
      }
    },
  },
});
