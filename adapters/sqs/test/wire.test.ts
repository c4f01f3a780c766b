import { Buffer } from "node:buffer";
import type { WireMessage } from "@waybill/core";
import { assert, dictionary, integer, option, property, record, string, uint8Array } from "fast-check";
import { describe, expect, test } from "vitest";
import { attributesOf, countsAfter, heldOf, packed } from "../src/wire.ts";

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
const reception = { level: 0, receivedAt: 5, until: 9, ordered: false };
/** What XML has no place for: the emulators refuse what is beyond the basic plane as well. */
const refused = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/;

function roundTrip(message: WireMessage, counts?: Parameters<typeof packed>[1]): ReturnType<typeof heldOf> {
  const parcel = packed(message, counts);
  const [MessageAttributes, Attributes] = [attributesOf(parcel), { ApproximateReceiveCount: "1", SentTimestamp: "7" }];
  return heldOf({ Body: parcel.body, MessageAttributes, Attributes, MessageId: "m", ReceiptHandle: "h" }, reception);
}

describe("a message", () => {
  test("comes back exactly, and what travels is nothing that SQS refuses (PUB-4)", () => {
    assert(
      property(anyMessage, (message) => {
        const { body, meta } = packed(message);
        expect(body).not.toBe("");
        expect(refused.test(body) || refused.test(meta)).toBe(false);
        const { id, source, key, headers, deliverAt, priority, malformed, failures, deliveries, ...rest } =
          roundTrip(message);
        expect({ id, source, key, deliverAt, priority }).toEqual({
          id: message.id,
          source: message.source,
          key: message.key,
          deliverAt: message.deliverAt,
          priority: message.priority,
        });
        expect(Object.entries(headers)).toEqual(expect.arrayContaining(Object.entries(message.headers)));
        expect(Buffer.compare(Buffer.from(rest.body), Buffer.from(message.body))).toBe(0);
        expect({ malformed, failures, deliveries }).toEqual({ malformed: undefined, failures: 0, deliveries: 1 });
      }),
    );
  });

  test("of JSON travels as it is, for everybody to read", () => {
    const body = Buffer.from('{"total":42}');
    expect(packed(plain({ body })).body).toBe('{"total":42}');
  });

  test("keeps its counts on its way: a failure counts, what was given back does not (RTY-1)", () => {
    const once = roundTrip(plain({}));
    const failed = roundTrip(plain({}), countsAfter(once, true));
    expect([failed.failures, failed.deliveries]).toEqual([1, 2]);
    const released = roundTrip(plain({}), countsAfter(failed, false));
    expect([released.failures, released.deliveries]).toEqual([1, 2]);
  });

  test("of an ordered queue is counted by the broker", () => {
    const message = { Body: "x", Attributes: { ApproximateReceiveCount: "3" } };
    const held = heldOf(message, { ...reception, ordered: true });
    expect([held.failures, held.deliveries]).toEqual([2, undefined]);
  });
});

describe("what others sent", () => {
  test("has its own body, and its attributes as headers, also more than ten (INT-1)", () => {
    const names = Array.from({ length: 12 }, (_, index) => `a${index}`);
    const MessageAttributes = Object.fromEntries(names.map((name) => [name, { DataType: "String", StringValue: "v" }]));
    const held = heldOf({ MessageId: "m", Body: "<order/>", MessageAttributes }, reception);
    expect(String(Buffer.from(held.body))).toBe("<order/>");
    expect(Object.keys(held.headers)).toEqual(names);
    expect([held.id, held.malformed]).toEqual(["m", undefined]);
  });

  test.each(["", "{", "[]", "[2]", '[0,"id","s",null,{"a":1},0,null]', '[0,"id","s",null,{},-1,null]', "[[[["])(
    "under our name is malformed and keeps its body: %s (FLT-3)",
    (StringValue) => {
      const MessageAttributes = { waybill: { DataType: "String", StringValue } };
      const held = heldOf({ MessageId: "m", Body: "raw", MessageAttributes }, reception);
      expect(held.malformed).toBeDefined();
      expect(String(Buffer.from(held.body))).toBe("raw");
    },
  );
});

function plain(more: Partial<WireMessage>): WireMessage {
  const rest = { key: undefined, headers: {}, body: Buffer.from("x"), deliverAt: undefined, priority: 0 };
  return { id: "id", dedupe: "id", source: "s", ...rest, ...more };
}
