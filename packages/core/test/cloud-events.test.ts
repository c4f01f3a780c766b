import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Encoded } from "../src/cloud-events.ts";
import { decode, encoder } from "../src/cloud-events.ts";
import type { Codec } from "../src/codec.ts";
import { bytes, json } from "../src/codec.ts";
import type { Envelope } from "../src/envelope.ts";
import { isReserved } from "../src/headers.ts";
import { resultOf } from "./support.ts";

const text = fc.string({ unit: "binary" });
const word = fc.string({ unit: "grapheme", minLength: 1 });
/** Any text but the empty one, which is no id. */
const id = fc.string({ unit: "binary", minLength: 1 });
const headers = fc
  .dictionary(fc.oneof(text, fc.constant("__proto__"), fc.constant("Content-Type")), text)
  .map((all) => Object.fromEntries(Object.entries(all).filter(([name]) => !isReserved(name))));
const envelopes: fc.Arbitrary<Envelope> = fc.record({
  id,
  type: word,
  source: word,
  timestamp: fc.integer({ min: 0, max: 8.64e15 }),
  version: fc.integer({ min: 1, max: 1_000 }),
  correlationId: id,
  causationId: fc.option(id, { nil: undefined }),
  key: fc.option(text, { nil: undefined }),
  expiresAt: fc.option(fc.integer({ min: 0, max: 8.64e15 }), { nil: undefined }),
  headers,
});
/** Another codec than `json`, so that the binary mode is taken. */
const otherJson: Codec = { ...json, contentType: "application/vnd.other+json" };

function written(codec: Codec, envelope: Envelope, data: unknown): Encoded {
  return encoder(codec, envelope.type, envelope.source, envelope.version)(envelope, data);
}

function event(members: Readonly<Record<string, unknown>> | string | Uint8Array): Encoded {
  const body =
    typeof members === "string" || members instanceof Uint8Array
      ? Buffer.from(members)
      : Buffer.from(JSON.stringify({ specversion: "1.0", id: "1", type: "t", source: "s", ...members }));
  return { headers: { "content-type": "application/cloudevents+json" }, body };
}

/** Whether it is read, its attributes being strings, or refused as it should be. */
function isReadOrMalformed(message: Encoded): boolean {
  const result = resultOf(() => decode(json, message));
  if ("error" in result) return (result.error as { code?: unknown }).code === "MALFORMED";
  const { id: read, type, source } = result.value;
  return [read, type, source].every((value) => typeof value === "string");
}

/** A plain reader as someone without Waybill writes it: JSON, and the attributes CloudEvents 1.0 asks for. */
function plainReader({ headers: native, body }: Encoded): Readonly<Record<string, unknown>> {
  if (native["content-type"] === "application/cloudevents+json") {
    const parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as Record<string, unknown>;
    for (const name of ["specversion", "id", "type", "source"])
      if (typeof parsed[name] !== "string") throw new Error(name);
    return parsed;
  }
  const attributes = Object.entries(native).filter(([name]) => name.startsWith("ce_"));
  return {
    ...Object.fromEntries(attributes.map(([name, value]) => [name.slice(3), value])),
    datacontenttype: native["content-type"],
    data: body,
  };
}

describe.each([
  ["structured", json],
  ["binary", otherJson],
])("%s mode", (_, codec) => {
  test("gives back every attribute and all data", () => {
    fc.assert(
      fc.property(envelopes, fc.jsonValue({ stringUnit: "binary" }), (envelope, data) => {
        const { headers: own, timestamp, ...attributes } = envelope;
        const encoded = written(codec, envelope, data);
        expect(decode(codec, encoded)).toEqual({
          ...attributes,
          time: new Date(timestamp).toISOString(),
          data: JSON.parse(JSON.stringify(data)) as unknown,
        });
        for (const [name, value] of Object.entries(own)) expect(encoded.headers[name]).toBe(value);
      }),
    );
  });

  test("a plain reader reads ours", () => {
    fc.assert(
      fc.property(envelopes, fc.jsonValue({ stringUnit: "binary" }), (envelope, data) => {
        const read = plainReader(written(codec, envelope, data));
        expect(read).toMatchObject({
          specversion: "1.0",
          id: envelope.id,
          type: envelope.type,
          source: envelope.source,
          time: new Date(envelope.timestamp).toISOString(),
          datacontenttype: codec.contentType,
          dataversion: String(envelope.version),
          correlationid: envelope.correlationId,
        });
        expect(read["partitionkey"]).toBe(envelope.key);
        expect(read["causationid"]).toBe(envelope.causationId);
        const body: unknown =
          read["data"] instanceof Uint8Array ? JSON.parse(Buffer.from(read["data"]).toString()) : read["data"];
        expect(JSON.stringify(body)).toBe(JSON.stringify(data));
      }),
    );
  });

  test("data that is undefined stays undefined", () => {
    const envelope = fc.sample(envelopes, 1)[0] as Envelope;
    expect(decode(codec, written(codec, envelope, undefined)).data).toBeUndefined();
  });

  test("data that JSON cannot hold throws, and nothing half-written comes out", () => {
    const cyclic: Record<string, unknown> = {};
    cyclic["self"] = cyclic;
    const [envelope] = fc.sample(envelopes, 1) as [Envelope];
    for (const data of [cyclic, { big: 1n }]) expect(() => written(codec, envelope, data)).toThrow(TypeError);
  });

  test("an own __proto__ member comes back as one and pollutes nothing", () => {
    const [envelope] = fc.sample(envelopes, 1) as [Envelope];
    const hostile = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    ) as object;
    const { data } = decode(codec, written(codec, envelope, hostile));
    expect(JSON.stringify(data)).toBe(JSON.stringify(hostile));
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

test("binary mode carries any bytes as they are", () => {
  fc.assert(
    fc.property(envelopes, fc.uint8Array(), (envelope, data) => {
      expect(decode(bytes, written(bytes, envelope, data)).data).toEqual(data);
    }),
  );
});

test("structured mode is one header, and one document that is the same for the same message", () => {
  const [envelope] = fc.sample(envelopes, 1) as [Envelope];
  const plain = { ...envelope, headers: {} };
  expect(written(json, plain, { a: 1 }).headers).toEqual({ "content-type": "application/cloudevents+json" });
  expect(written(json, plain, { a: 1 }).body).toEqual(written(json, plain, { a: 1 }).body);
});

test("either mode is read, whatever the definition's codec writes", () => {
  const [envelope] = fc.sample(envelopes, 1) as [Envelope];
  const inBinary = {
    headers: { ce_specversion: "1.0", ce_id: "1", ce_type: "t", ce_source: "s" },
    body: Buffer.from('{"a":1}'),
  };
  expect(decode(json, inBinary).data).toEqual({ a: 1 });
  expect(decode(otherJson, written(json, envelope, { a: 1 })).data).toEqual({ a: 1 });
});

describe("a foreign event", () => {
  test("needs no more than the four attributes", () => {
    expect(decode(json, event({ data: 5 }))).toEqual({
      id: "1",
      type: "t",
      source: "s",
      time: undefined,
      version: 1,
      correlationId: "1",
      causationId: undefined,
      key: undefined,
      data: 5,
    });
  });

  test("may name its content type with parameters and in capitals", () => {
    const { body } = event({ data: 5 });
    expect(
      decode(json, { headers: { "content-type": "Application/CloudEvents+JSON; charset=UTF-8" }, body }).data,
    ).toBe(5);
    const ce = { ce_specversion: "1.0", ce_id: "1", ce_type: "t", ce_source: "s" };
    const native = { ...ce, "content-type": "application/json; charset=utf-8" };
    expect(decode(json, { headers: native, body: Buffer.from("5") }).data).toBe(5);
  });

  test("may carry data_base64, which the codec reads; also an empty one", () => {
    expect(decode(json, event({ data_base64: Buffer.from('{"a":"ü"}').toString("base64") })).data).toEqual({ a: "ü" });
    expect(decode(bytes, event({ data_base64: "AP8=" })).data).toEqual(Buffer.from([0, 255]));
    expect(decode(json, event({ data_base64: "" })).data).toBeUndefined();
  });

  test("may have null for what it leaves out, and a version that is a number", () => {
    expect(decode(json, event({ time: null, partitionkey: null, dataversion: 3 }))).toMatchObject({
      key: undefined,
      version: 3,
    });
  });
});

describe("what is no readable event is MALFORMED, and nothing else is thrown", () => {
  const deep = `{"specversion":"1.0","id":"1","type":"t","source":"s","data":${"[".repeat(200_000)}}`;
  const closed = `{"specversion":"1.0","id":"1","type":"t","source":"s","data":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;

  test.each<[string, Encoded]>([
    ["an empty body", event("")],
    ["truncated", event('{"specversion":"1.0","id":"1","ty')],
    ["unclosed nesting", event(deep)],
    ["trailing text", event('{"specversion":"1.0"} x')],
    ["an array", event("[]")],
    ["null", event("null")],
    ["a string", event('"{}"')],
    ["a number", event("1e999")],
    ["not UTF-8", event(Buffer.from([0x7b, 0xff, 0x7d]))],
    [
      "an id that is not UTF-8",
      event(Buffer.from('{"specversion":"1.0","id":"\u00ff","type":"t","source":"s"}', "latin1")),
    ],
    ["an overlong encoding", event(Buffer.from([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x7d]))],
    ["UTF-16", event(Buffer.from('{"specversion":"1.0"}', "utf16le"))],
    ["no specversion", event({ specversion: undefined })],
    ["another specversion", event({ specversion: "0.3" })],
    ["a specversion that is a number", event({ specversion: 1.0 })],
    ["no id", event({ id: undefined })],
    ["an empty id", event({ id: "" })],
    ["an id that is a number", event({ id: 5 })],
    ["an id that is an object", event({ id: { toString: "x" } })],
    ["no type", event({ type: undefined })],
    ["no source", event({ source: null })],
    ["a time that is a number", event({ time: 5 })],
    ["a key that is an array", event({ partitionkey: ["a"] })],
    ["a correlation id that is an object", event({ correlationid: {} })],
    ["a causation id that is a boolean", event({ causationid: false })],
    ["version 0", event({ dataversion: "0" })],
    ["version 1.5", event({ dataversion: 1.5 })],
    ["version true", event({ dataversion: true })],
    ["version [1]", event({ dataversion: [1] })],
    ["version 0x10", event({ dataversion: "0x10" })],
    ["an empty version", event({ dataversion: "" })],
    ["attributes on __proto__", event('{"__proto__":{"specversion":"1.0","id":"1","type":"t","source":"s"}}')],
    ["data_base64 that is a number", event({ data_base64: 5 })],
    ["data_base64 that is none", event({ data_base64: "!!!" })],
    ["data_base64 that is cut off", event({ data_base64: "AP8" })],
    ["data_base64 of what the codec cannot read", event({ data_base64: Buffer.from("{").toString("base64") })],
    ["no headers at all", { headers: {}, body: Buffer.from("{}") }],
    ["another content type", { headers: { "content-type": "text/plain" }, body: Buffer.from("hello") }],
    ["a longer content type", { headers: { "content-type": "application/cloudevents+jsonx" }, body: event({}).body }],
    [
      "binary without an id",
      { headers: { ce_specversion: "1.0", ce_type: "t", ce_source: "s" }, body: Buffer.from("5") },
    ],
    [
      "binary with another codec's content type",
      {
        headers: { "content-type": "text/plain", ce_specversion: "1.0", ce_id: "1", ce_type: "t", ce_source: "s" },
        body: Buffer.from("5"),
      },
    ],
    [
      "binary with a body that is no JSON",
      { headers: { ce_specversion: "1.0", ce_id: "1", ce_type: "t", ce_source: "s" }, body: Buffer.from("{") },
    ],
  ])("%s", (_, message) => {
    expect(() => decode(json, message)).toThrow(expect.objectContaining({ name: "WaybillError", code: "MALFORMED" }));
  });

  test("deep nesting that is closed is data like any other", () => {
    expect(Array.isArray(decode(json, event(closed)).data)).toBe(true);
  });

  test("any bytes, and any bytes flipped in a good event", () => {
    const good = event({ data: { a: [1, "ü"] }, time: "2025-01-01T00:00:00Z", partitionkey: "k" });
    const flipped = fc
      .array(fc.tuple(fc.nat(good.body.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((flips) => {
        const body = Buffer.from(good.body);
        for (const [at, value] of flips) body[at] = value;
        return body;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), flipped), (body) => {
        expect(isReadOrMalformed({ headers: good.headers, body })).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test("any JSON value as any attribute", () => {
    const names = "specversion id type source time dataversion correlationid partitionkey data_base64".split(" ");
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, value) => {
        expect(isReadOrMalformed(event({ [name]: value }))).toBe(true);
      }),
    );
  });
});
