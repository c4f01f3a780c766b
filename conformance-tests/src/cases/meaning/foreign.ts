import assert from "node:assert/strict";
import { bytes, type Codec, type Decoder, type Envelope, queue } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { readCloudEvent } from "../../cloud-events-reader.ts";
import { range } from "../../expect.ts";
import { type Item, schema } from "../../item.ts";
import { lettersIn } from "../../letters.ts";
import { always } from "../../owed.ts";
import { receiveRaw, sendRaw } from "../../raw.ts";
import { Recorder } from "../../recorder.ts";

const item = schema<Item>((data) =>
  typeof (data as Item).n === "number" ? undefined : ["n", `expected a number, got ${typeof (data as Item).n}`],
);

/** Reads what a system from before wrote: `number;text`, its id and time in headers of its own. */
const decoder: Decoder = ({ headers, body }) => {
  if (headers["X-Legacy-Id"] === undefined) return undefined;
  const [n, text] = Buffer.from(body).toString("latin1").split(";");
  if (text === undefined) throw new Error("no semicolon");
  return {
    id: headers["X-Legacy-Id"],
    time: Number(headers["X-At"]),
    data: { n: n === "" ? undefined : Number(n), text },
  };
};

/** INT-1 */
export const foreign: readonly Case[] = casesOf("INT-1", {
  decoder: {
    shows: "a decoder reads messages of other producers beside ours; what it cannot read dies as it came",
    owed: always,
    async run(bench) {
      const definition = queue(bench.name("legacy"), { schema: item, decoder });
      const [bus, seen] = [await bench.connect(), new Recorder()];
      const work = seen.handler(({ attempt }) => {
        if (attempt === 1) throw new Error("once more");
      });
      await bus.work(definition, { retry: { delay: 0 } }, work);
      const legacy = (id: string, text: string) => ({
        id: `carrier-${id}`,
        key: "k",
        headers: { "X-Legacy-Id": id, "X-At": "86400000" },
        body: Buffer.from(text, "latin1"),
      });
      const messages = [legacy("a", "1;caf\u00e9"), legacy("b", "no semi\u00e9colon"), legacy("c", ";no number")];
      const results = await sendRaw(bench, definition, messages);
      assert.deepEqual(results, ["stored", "stored", "stored"], "results of the raw send");
      const ours = await bus.send(definition, { n: 2, text: "ours" });
      await bench.drained(bus.inbox(definition));
      const handled = [...seen.of(1), ...seen.of(2)].map(({ id, text, timestamp, attempt }) => [
        id,
        text,
        timestamp,
        attempt,
      ]);
      assert.deepEqual(
        handled,
        [
          ["a", "caf\u00e9", 86_400_000, 1],
          ["a", "caf\u00e9", 86_400_000, 2],
          [ours.id, "ours", ours.timestamp, 1],
          [ours.id, "ours", ours.timestamp, 2],
        ],
        "handled",
      );
      const letters = await lettersIn(bus.inbox(definition));
      const dead = letters.map(({ reason, raw }) => [reason, Buffer.from(raw).toString("latin1")] as const);
      assert.deepEqual(
        new Map(dead),
        new Map([
          ["malformed", "no semi\u00e9colon"],
          ["invalid", ";no number"],
        ]),
        "dead letters",
      );
    },
  },
  structured: {
    shows: "with the JSON codec, what travels is a structured CloudEvent by the letter of its specification",
    owed: always,
    async run(bench) {
      const [plain, first, second] = [bench.queue(), bench.queue(), bench.queue({ keyed: true })];
      const bus = await bench.connect({ source: "order-service" });
      const item = { n: 1, key: "k", text: 'caf\u00e9 \u0000 "\ud83d\ude9a"' };
      const direct = await bus.send(plain, item, { headers: { Mine: "x" } });
      const cause = await bus.send(first, item);
      let sent: Envelope | undefined;
      await bus.work(first, {}, async ({ data, send }) => void (sent = await send(second, data)));
      await bench.drained(bus.inbox(first));
      assert(sent !== undefined, "it is handled");
      const causes = { partitionkey: "k", correlationid: cause.id, causationid: cause.id };
      for (const [queue, { id, timestamp }, more] of [
        [plain, direct, { correlationid: direct.id }],
        [second, sent, causes],
      ] as const) {
        const [message] = await receiveRaw(bench, queue, 1);
        assert(message !== undefined, "a message");
        const { attributes, data } = readCloudEvent(message);
        const expected = {
          specversion: "1.0",
          id,
          type: queue.name,
          source: "order-service",
          time: new Date(timestamp).toISOString(),
          datacontenttype: "application/json",
          dataversion: "1",
        };
        assert.deepEqual(attributes, { ...expected, ...more }, "attributes");
        assert.deepEqual(data, item, "data");
      }
    },
  },
  binary: {
    shows: "with another codec, what travels is a binary CloudEvent, its body the codec's bytes alone",
    owed: always,
    async run(bench) {
      const csv: Codec = {
        contentType: "text/csv",
        encode: (data) => Buffer.from(`${(data as Item).n};${(data as Item).text}`),
        decode: () => assert.fail("not read here"),
      };
      const rows = queue(bench.name("rows"), { schema: item, codec: csv, key: ({ n }) => `k${n}` });
      const blobs = queue(bench.name("blobs"), { schema: schema<Uint8Array>(() => undefined), codec: bytes });
      const bus = await bench.connect({ source: "order-service" });
      const blob = Buffer.from(range(0, 256));
      const [row] = [await bus.send(rows, { n: 1, text: "\u00e9" }), await bus.send(blobs, blob)];
      const [asRow] = await receiveRaw(bench, rows, 1);
      const [asBlob] = await receiveRaw(bench, blobs, 1);
      assert(asRow !== undefined && asBlob !== undefined, "both messages");
      const { attributes, data } = readCloudEvent(asRow);
      const time = new Date(row.timestamp).toISOString();
      assert.deepEqual(
        attributes,
        {
          specversion: "1.0",
          id: row.id,
          type: rows.name,
          source: "order-service",
          time,
          datacontenttype: "text/csv",
          dataversion: "1",
          partitionkey: "k1",
          correlationid: row.id,
        },
        "attributes",
      );
      assert.deepEqual(Buffer.from(data as Uint8Array), Buffer.from("1;\u00e9"), "the row");
      assert.deepEqual(Buffer.from(readCloudEvent(asBlob).data as Uint8Array), blob, "the blob");
      assert.equal(readCloudEvent(asBlob).attributes["datacontenttype"], "application/octet-stream", "its type");
    },
  },
});
