import { Buffer } from "node:buffer";
import type { WireMessage } from "@waybill/core";
import type { ConsumeMessage } from "amqplib";
import { assert, dictionary, option, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { countsAfter, heldOf, packetOf, type State } from "../src/wire.ts";

const route = { exchange: "", routingKey: "queue", mandatory: true };

function message(rest: Partial<WireMessage>): WireMessage {
  return {
    id: "id",
    dedupe: "id",
    source: "source",
    key: undefined,
    headers: {},
    body: new Uint8Array([1, 2]),
    deliverAt: undefined,
    priority: 0,
    ...rest,
  };
}

/** As the server would deliver it. */
function delivered(packet: object, headers: object = {}): ReturnType<typeof heldOf> {
  const { body, headers: own, ...properties } = packet as ReturnType<typeof packetOf>;
  const stored = {
    content: body,
    fields: { deliveryTag: 7, redelivered: false, exchange: "", routingKey: "queue" },
    properties: { ...properties, headers: { ...own, ...headers } },
  } as unknown as ConsumeMessage;
  return heldOf({ message: stored, lane: 3, source: "source" });
}

describe("a message on the wire", () => {
  test("comes back as it was, whatever stands in it", () => {
    const texts = string({ unit: "grapheme" });
    const any = dictionary(texts, texts);
    assert(
      property(texts, option(texts, { nil: undefined }), any, (id, key, headers) => {
        const held = delivered(packetOf(message({ id, key, headers }), undefined, route));
        expect(held.malformed).toBeUndefined();
        expect([held.id, held.key]).toEqual([id, key]);
        expect(new Map(Object.entries(held.headers))).toEqual(new Map(Object.entries(headers)));
      }),
    );
  });

  test("names that mean something to the server are no headers of ours there", () => {
    const headers = {
      "x-death": "1",
      CC: "other",
      bcc: "other",
      "waybill-key": "2",
      "waybill-replay": "end",
      "waybill-d3": "0",
      plain: "3",
    };
    const packet = packetOf(message({ headers }), undefined, route);
    expect(Object.keys(packet.headers)).toEqual(["plain", "waybill-headers"]);
    expect(delivered(packet).headers).toEqual(headers);
  });

  test("an id that AMQP cannot hold rides beside", () => {
    const id = "é".repeat(200);
    expect(delivered(packetOf(message({ id }), undefined, route)).id).toBe(id);
  });

  test("a copy keeps what it was stored with, and counts on: failures in both numbers, what was given back in none", () => {
    const state: State = { failures: 2, deliveries: 4, source: "elsewhere", deliverAt: 99, priority: 1 };
    const held = delivered(packetOf(message({}), state, route), { "x-delivery-count": 3 });
    expect(held).toMatchObject({ failures: 2, deliveries: 8, source: "elsewhere", deliverAt: 99, priority: 1, tag: 7 });
    expect(countsAfter(held, "failed")).toEqual({ failures: 3, deliveries: 8 });
    expect(countsAfter(held, "uncounted")).toEqual({ failures: 2, deliveries: 7 });
  });

  test("what another producer has sent is told, and what broke our headers is malformed with its bytes", () => {
    const body = Buffer.from("foreign");
    const foreign = { body, headers: { n: 7, on: true, list: [1] }, contentType: "text/plain", type: "kind" };
    expect(delivered(foreign).headers).toEqual({
      n: "7",
      on: "true",
      list: "[1]",
      "content-type": "text/plain",
      type: "kind",
    });
    expect(delivered(foreign).id).toMatch(/^unnamed-/);
    for (const broken of [
      { "waybill-state": "{" },
      { "waybill-state": 7 },
      { "waybill-headers": "x" },
      { "waybill-headers": "[1,2]ab" },
    ]) {
      const held = delivered({ body, headers: broken });
      expect(held.malformed).toMatch(/waybill-/);
      expect(held.body).toEqual(body);
    }
  });
});
