import type { WireMessage } from "@waybill/core";
import { assert, constant, dictionary, integer, oneof, option, property, record, string, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import { countsAfter, type Held, heldOf, metaOf, movedMeta, storedAt } from "../src/wire.ts";

const text = string({ unit: "binary" });
const usual = constant({ "content-type": "application/cloudevents+json" });
const anyMessage = record({
  id: text,
  dedupe: text,
  source: text,
  key: option(text, { nil: undefined }),
  headers: oneof(usual, dictionary(text, string())),
  body: uint8Array(),
  deliverAt: option(integer(), { nil: undefined }),
  priority: integer({ min: 0, max: 31 }),
});

/** What is read where this was written. */
function readBack(meta: string | Buffer | null, body: Uint8Array = new Uint8Array(0), times = 1): Held {
  const written = typeof meta === "string" ? Buffer.from(meta) : meta;
  return heldOf({ entry: "1700000000000-7", level: 2, times, meta: written, body: Buffer.from(body) });
}

function without(message: WireMessage): object {
  const { dedupe: _, headers: __, body: ___, ...rest } = message;
  return rest;
}

test("a message comes through its fields exactly (PUB-4)", () => {
  assert(
    property(anyMessage, (message) => {
      const held = readBack(metaOf(message), message.body);
      expect(held).toMatchObject({ ...without(message), failures: 0, deliveries: 1, malformed: undefined });
      expect(Object.entries(held.headers)).toEqual(Object.entries(message.headers));
      expect(Buffer.from(held.body).equals(message.body)).toBe(true);
      expect(storedAt(held)).toBe(1_700_000_000_000);
    }),
  );
});

test("a message that moves keeps what it is, its counts and when it was first stored (RTY-5)", () => {
  assert(
    property(
      anyMessage,
      integer({ min: 0, max: 99 }),
      integer({ min: 0, max: 99 }),
      (message, failures, deliveries) => {
        const held = readBack(movedMeta(message, { failures, deliveries, at: 42 }), message.body, 3);
        expect(held).toMatchObject({ ...without(message), failures, deliveries: deliveries + 3, at: 42 });
        expect(Object.entries(held.headers)).toEqual(Object.entries(message.headers));
      },
    ),
  );
});

test("a failure counts in both numbers, what was given back in none (RTY-1)", () => {
  const held = readBack(movedMeta(anyOne, { failures: 2, deliveries: 4, at: undefined }), undefined, 1);
  expect(countsAfter(held, "failed")).toMatchObject({ failures: 3, deliveries: 5 });
  expect(countsAfter(held, "uncounted")).toMatchObject({ failures: 2, deliveries: 4 });
});

test.each([
  null,
  "",
  "no JSON",
  "{}",
  "[]",
  "[1]",
  '["id"]',
  '["id",2]',
  '["id","source",3]',
  '["id","source",null,2]',
  '["id","source",null,{"a":1}]',
  '["id","source",null,[]]',
  '["id","source",null,1,"high"]',
  "[".repeat(100_000),
])("what a foreign hand wrote is malformed and keeps its bytes (DLQ-3): %.40s", (meta) => {
  const held = readBack(meta, Buffer.from("as it was"));
  expect(held.malformed).toEqual(expect.any(String));
  expect(held).toMatchObject({ id: "entry-1700000000000-7", headers: {}, failures: 0, priority: 2 });
  expect(Buffer.from(held.body).toString()).toBe("as it was");
});

test("any bytes at all are read without a throw (FLT-3)", () => {
  assert(
    property(uint8Array(), (bytes) => {
      expect(readBack(Buffer.from(bytes)).id).toEqual(expect.any(String));
    }),
  );
});

const anyOne: WireMessage = {
  id: "m-1",
  dedupe: "m-1",
  source: "orders",
  key: undefined,
  headers: {},
  body: new Uint8Array(0),
  deliverAt: undefined,
  priority: 0,
};
