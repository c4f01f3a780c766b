import type { WireMessage } from "@waybill/core";
import { array, assert, dictionary, integer, option, property, record, string, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import { pack, packRows, type Row, unpackRows } from "../src/wire.ts";

const text = string({ unit: "binary" });
const anyMessage = record({
  id: text,
  dedupe: text,
  source: text,
  key: option(text, { nil: undefined }),
  headers: dictionary(text, string()),
  body: uint8Array(),
  deliverAt: option(integer(), { nil: undefined }),
  priority: integer({ min: 0, max: 31 }),
});

/** The rows that a file would have of these messages. */
function rowsOf(messages: readonly WireMessage[]): readonly Row[] {
  const { headers } = pack(messages);
  return messages.map(({ id, dedupe, source, key, body, deliverAt, priority }, index) => {
    const columns = { id, dedupe, source, key: key ?? null, headers: headers[index], deliver_at: deliverAt ?? null };
    return { seq: index + 1, failures: 0, deliveries: 1, priority, bytes: body, ...columns };
  });
}

test("messages come through columns and rows exactly (PUB-4)", () => {
  assert(
    property(array(anyMessage), (messages) => {
      const unpacked = unpackRows(structuredClone(packRows(rowsOf(messages))));
      expect(unpacked).toHaveLength(messages.length);
      for (const [index, { body, headers, ...rest }] of messages.entries()) {
        expect(unpacked[index]).toMatchObject({ ...rest, malformed: undefined });
        expect(Object.entries(unpacked[index]?.headers ?? {})).toEqual(Object.entries(headers));
        expect(Buffer.from(unpacked[index]?.body ?? "x").equals(body)).toBe(true);
      }
    }),
  );
});

const sound: Row = {
  seq: 7,
  failures: 1,
  deliveries: 2,
  priority: 0,
  id: "id",
  dedupe: "id",
  source: "t",
  key: null,
  headers: "{}",
  deliver_at: null,
  bytes: new Uint8Array([1]),
};

test.each([
  [{ id: 5 }, "the id in the table is no text"],
  [{ bytes: null }, "the body in the table is no blob"],
  [{ headers: null }, "the headers in the table are no text"],
  [{ headers: "{" }, "the headers in the table are no JSON"],
  [{ headers: "[]" }, "the headers in the table are no object of strings"],
  [{ headers: "null" }, "the headers in the table are no object of strings"],
  [{ headers: '{"a":1}' }, "the headers in the table are no object of strings"],
])("a row with %j is malformed: %s; its neighbours are not (DLQ-3)", (broken, malformed) => {
  const deliveries = unpackRows(packRows([sound, { ...sound, ...broken }, sound]));
  expect(deliveries.map((delivery) => delivery.malformed)).toEqual([undefined, malformed, undefined]);
});
