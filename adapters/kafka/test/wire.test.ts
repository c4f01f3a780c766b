import { Buffer } from "node:buffer";
import { assert, dictionary, integer, option, property, record, string, uint8Array } from "fast-check";
import { describe, expect, test } from "vitest";
import type { StoredRecord } from "../src/driver.ts";
import { countsAfter, messageOf, type Read, recordOf, sizeOf } from "../src/wire.ts";

const text = string({ unit: "binary" });
const anyMessage = record({
  id: text,
  dedupe: text,
  source: text,
  key: option(text, { nil: undefined }),
  headers: dictionary(text, text),
  body: uint8Array(),
  deliverAt: option(integer({ min: 0 }), { nil: undefined }),
  priority: integer({ min: 0, max: 31 }),
});
const place = { topic: "t", partition: 3, source: "orders" };

function stored(written: ReturnType<typeof recordOf>): StoredRecord {
  const headers = written.headers.map(([name, value]) => [name, Buffer.from(value).toString()] as const);
  return { ...written, headers, offset: 7 };
}

function foreign(more: Partial<StoredRecord>): Read {
  return messageOf({ offset: 7, timestamp: 5, key: undefined, value: Buffer.from("x"), headers: [], ...more }, place);
}

describe("a message", () => {
  test("comes back exactly (PUB-4)", () => {
    assert(
      property(anyMessage, (message) => {
        const { headers, body, dedupe, ...read } = messageOf(stored(recordOf(message, 5, { source: true })), place);
        const { headers: given, body: bytes, dedupe: _, ...rest } = message;
        expect(read).toEqual({ ...rest, malformed: undefined, failures: 0, deliveries: 0, life: 0 });
        expect(dedupe).toBe(message.id);
        expect(new Map(Object.entries(headers))).toEqual(new Map(Object.entries(given)));
        expect(Buffer.compare(Buffer.from(body), Buffer.from(bytes))).toBe(0);
      }),
    );
  });

  test("is of the topic it lies in where it does not say otherwise", () => {
    const message = { id: "m", dedupe: "m", source: "orders", key: undefined, headers: {}, body: Buffer.from("b") };
    const written = recordOf({ ...message, deliverAt: undefined, priority: 0 }, 5);
    expect(written.headers.map(([name, value]) => [name, Buffer.from(value).toString()])).toEqual([
      ["waybill", '["m"]'],
    ]);
    expect(messageOf(stored(written), place).source).toBe("orders");
  });

  test("that moves keeps its numbers", () => {
    assert(
      property(
        anyMessage,
        integer({ min: 0 }),
        integer({ min: 0 }),
        integer({ min: 0 }),
        (message, failures, deliveries, life) => {
          const counts = { failures, deliveries, life };
          expect(messageOf(stored(recordOf(message, 5, { counts })), place)).toMatchObject(counts);
        },
      ),
    );
    expect(countsAfter({ failures: 1, deliveries: 4, life: 2 }, true)).toEqual({ failures: 2, deliveries: 4, life: 2 });
    expect(countsAfter({ failures: 1, deliveries: 4, life: 2 }, false)).toEqual({
      failures: 1,
      deliveries: 3,
      life: 2,
    });
  });

  test("is not taken for smaller than it is", () => {
    assert(
      property(anyMessage, (message) => {
        const written = recordOf(message, 5);
        const bytes = written.headers.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + value.length, 0);
        expect(sizeOf(written)).toBeGreaterThan(bytes + message.body.length + (written.key?.length ?? 0));
      }),
    );
  });
});

describe("what others wrote", () => {
  test("is a message with its place for an id", () => {
    const headers = [["h", "1"]] as const;
    expect(foreign({ key: Buffer.from("k"), headers })).toMatchObject({
      id: "t/3/7",
      source: "orders",
      key: "k",
      headers: { h: "1" },
      malformed: undefined,
    });
  });

  test("is malformed where it has no value, or only looks like ours (DLQ-3)", () => {
    expect(foreign({ value: undefined }).malformed).toMatch(/tombstone/);
    for (const broken of [
      "",
      "[]",
      "{}",
      "[1]",
      '["m",5]',
      '["m",null,"soon"]',
      '["m",null,null,-1]',
      "[[[[",
      '["m",null,null,null,null,null,null,null,[]]',
    ])
      expect(foreign({ headers: [["waybill", broken]] }).malformed).toMatch(/header waybill/);
  });
});
