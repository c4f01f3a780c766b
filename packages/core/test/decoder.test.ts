import { describe, expect, test } from "vitest";
import { z } from "zod";
import { encoder } from "../src/cloud-events.ts";
import { json } from "../src/codec.ts";
import { decoded, type Decoder } from "../src/decoder.ts";
import type { Envelope } from "../src/envelope.ts";
import type { Headers } from "../src/seam.ts";
import { pattern } from "../src/pattern.ts";
import { read, Unreadable } from "../src/reader.ts";
import { topic } from "../src/topic.ts";
import { caught, delivery } from "./support.ts";

const schema = z.object({ n: z.number() });
const foreign = delivery("carrier-7", {
  source: "orders",
  key: "k",
  headers: { "X-Id": "7", "content-type": "text/csv" },
  body: Buffer.from("n;7"),
});

function orders(decoder: Decoder) {
  return topic("orders", { versions: { 1: schema, 2: schema }, upcast: { 1: (old) => old }, decoder });
}

test("a decoder sees the message as its carrier gives it; what it leaves out has a default", () => {
  const definition = orders(({ body, ...rest }) => {
    expect(rest).toEqual({ id: "carrier-7", source: "orders", key: "k", headers: foreign.headers });
    return { data: { n: Number(Buffer.from(body).toString().split(";")[1]) } };
  });
  expect(read(definition, foreign)).toEqual({
    id: "carrier-7",
    type: "orders",
    source: "unknown",
    time: undefined,
    version: 2,
    correlationId: "carrier-7",
    causationId: undefined,
    key: "k",
    expiresAt: undefined,
    data: { n: 7 },
  });
});

test("what it gives counts", () => {
  const given = { id: "7", source: "crm", version: 1, correlationId: "c", causationId: "b", key: "other" };
  const definition = orders(({ headers }) => ({ ...given, id: headers["X-Id"], time: new Date(5), data: 1 }));
  expect(read(definition, foreign)).toMatchObject({ ...given, time: "1970-01-01T00:00:00.005Z", data: 1 });
  expect(
    read(
      orders(() => ({ time: 5, data: undefined })),
      foreign,
    ),
  ).toMatchObject({ time: "1970-01-01T00:00:00.005Z" });
});

test.each<[string, Headers, string]>([
  [
    "structured",
    { "content-type": "application/cloudevents+json" },
    '{"specversion":"1.0","id":"1","type":"orders","source":"crm"}',
  ],
  ["binary", { ce_specversion: "1.0", ce_id: "1", ce_type: "orders", ce_source: "crm" }, "null"],
])("a CloudEvent of others, %s, has the key of its carrier where it names none", (_, headers, body) => {
  const theirs = delivery("carrier-7", { source: "orders", key: "k", headers, body: Buffer.from(body) });
  expect(
    decoded(
      orders(() => undefined),
      theirs,
    ),
  ).toMatchObject({ id: "1", key: "k" });
});

test("undefined leaves the message to Waybill's own reading", () => {
  const envelope = { id: "1", timestamp: 0, correlationId: "1", headers: {} } as unknown as Envelope;
  const ours = delivery("1", encoder(json, "orders", "shop", 2)(envelope, { n: 5 }));
  const definition = orders(() => undefined);
  expect(read(definition, ours)).toMatchObject({ source: "shop", data: { n: 5 } });
  expect(() => read(definition, foreign)).toThrow(/no CloudEvent/);
});

test("a pattern's decoder names the type, by default the topic it was published to", () => {
  expect(
    read(pattern("orders.#", { decoder: () => ({ data: 1 }) }), delivery("1", { source: "orders.new" })),
  ).toMatchObject({ type: "orders.new" });
});

describe("malformed, with the reason, where the decoder", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["throws", () => void JSON.parse("{"), /JSON/],
    [
      "throws what cannot be told",
      () => {
        throw Object.create(null);
      },
      /./,
    ],
    ["gives null", () => null, /no data/],
    ["gives text", () => "n;7", /no data/],
    ["gives a promise", async () => ({ data: 1 }), /no data/],
    ["gives an id that is a number", () => ({ id: 7, data: 1 }), /id that is no string/],
    ["gives a key that is null", () => ({ key: null, data: 1 }), /key that is no string/],
    ["gives a version 0", () => ({ version: 0, data: 1 }), /version 0/],
    ["gives a time that is none", () => ({ time: "yesterday", data: 1 }), /[Tt]ime/],
  ])("%s", async (_, decoder, message) => {
    const error = await caught(() => read(orders(decoder as Decoder), foreign));
    expect(error).toBeInstanceOf(Unreadable);
    expect(error).toMatchObject({ reason: "malformed" });
    expect(error.message).toMatch(message);
  });

  test("and of another type it is unknown, of a later version a newer one", async () => {
    const reasonOf = async (part: object): Promise<unknown> => {
      const error = await caught(() =>
        read(
          orders(() => ({ data: 1, ...part })),
          foreign,
        ),
      );
      return (error as Partial<Unreadable>).reason;
    };
    expect(await reasonOf({ type: "invoices" })).toBe("unknown-type");
    expect(await reasonOf({ version: 3 })).toBe("unknown-version");
  });
});

test("the adapter's own verdict comes first, and a decoder that is none is refused", () => {
  const definition = orders(() => ({ data: 1 }));
  expect(() => read(definition, { ...foreign, malformed: "no body" })).toThrow("no body");
  expect(decoded(definition, foreign).data).toBe(1);
  expect(() => topic("orders", { schema, decoder: {} as Decoder })).toThrow(/decoder is no function/);
});
