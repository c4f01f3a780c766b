import { describe, expect, test } from "vitest";
import { z } from "zod";
import { encoder } from "../src/cloud-events.ts";
import { json } from "../src/codec.ts";
import type { Envelope } from "../src/envelope.ts";
import { check, Newer, read, Unreadable } from "../src/reader.ts";
import type { Delivery } from "../src/seam.ts";
import { topic } from "../src/topic.ts";
import { caught, delivery } from "./support.ts";

const orders = topic("orders", { schema: z.object({ total: z.number() }), version: 2 });

function received(over: { readonly type?: string; readonly version?: number } = {}): Delivery {
  const envelope = { id: "1", timestamp: 0, correlationId: "1", headers: {} } as unknown as Envelope;
  const encoded = encoder(json, over.type ?? "orders", "shop", over.version ?? 2)(envelope, { total: 5 });
  return delivery("1", encoded);
}

test("what it knows is read", () => {
  expect(read(orders, received())).toMatchObject({ id: "1", type: "orders", version: 2, data: { total: 5 } });
});

describe("what nobody here can handle is unreadable, with the reason for its dead letter", () => {
  test.each([
    ["malformed", delivery("1", { malformed: "no body" })],
    ["malformed", delivery("1", { body: Buffer.from("{") })],
    ["unknown-type", received({ type: "invoices" })],
    ["unknown-version", received({ version: 1 })],
    ["unknown-version", received({ version: 3 })],
  ])("%s: %#", async (reason, message) => {
    const error = await caught(() => read(orders, message));
    expect(error).toBeInstanceOf(Unreadable);
    expect(error).toMatchObject({ reason });
  });

  test("invalid: data that does not match, also where the schema is asynchronous", async () => {
    expect(await caught(() => check(orders, { version: 2, data: { total: "5" } }))).toMatchObject({
      reason: "invalid",
    });
    const later = topic("later", { schema: z.number().refine(async () => false) });
    expect(await caught(() => check(later, { version: 1, data: 5 }))).toMatchObject({ reason: "invalid" });
  });
});

test("a schema that breaks is no verdict on the message: its error passes", async () => {
  const broken = topic("broken", {
    schema: z.any().transform(() => {
      throw new RangeError("the database of postcodes is down");
    }),
  });
  const error = await caught(() => check(broken, { version: 1, data: 5 }));
  expect(error).not.toBeInstanceOf(Unreadable);
  expect(error).toBeInstanceOf(RangeError);
});

describe("data of an older version (VER-1)", () => {
  const v1 = z.object({ total: z.string().transform(Number) });
  const v2 = z.object({ cents: z.number().int(), unit: z.string().default("EUR") });
  const v3 = z.object({ price: z.object({ cents: z.number().min(0), unit: z.string() }) });
  const priced = topic("orders", {
    versions: { 2: v1, 3: v2, 4: v3 },
    upcast: { 2: ({ total }) => ({ cents: total * 100 }), 3: async (price) => ({ price }) },
  });

  test("goes step by step to the newest, by each version's own schema", async () => {
    const handled = { price: { cents: 700, unit: "EUR" } };
    expect(await check(priced, { version: 2, data: { total: "7" } })).toEqual(handled);
    expect(await check(priced, { version: 3, data: { cents: 700 } })).toEqual(handled);
    expect(await check(priced, { version: 4, data: handled })).toEqual(handled);
  });

  test("of the newest is checked at once, without a promise", () => {
    expect(check(priced, { version: 4, data: { price: { cents: 1, unit: "x" } } })).not.toBeInstanceOf(Promise);
  });

  test.each([
    ["its own schema refuses it", 2, { total: 7 }, /^data of version 2 does not match its schema: total: /],
    ["the next one does", 2, { total: "7.001" }, /^data of version 2, upcast to version 3, .*schema: cents: /],
    ["the last one does", 2, { total: "-7" }, /^data of version 2, upcast to version 4, .*schema: price.cents: /],
    ["it is the newest", 4, { price: {} }, /^data does not match its schema: price.cents: /],
  ])("is invalid where %s, naming version and path", async (_, version, data, message) => {
    const error = await caught(() => check(priced, { version, data }));
    expect(error).toMatchObject({ reason: "invalid" });
    expect(error.message).toMatch(message);
  });

  test.each([new Error("no such currency"), null, Object.create(null), { toString: null }])(
    "is invalid where an upcaster throws, whatever: %#",
    async (thrown) => {
      const broken = topic("orders", {
        versions: { 1: z.any(), 2: z.any() },
        upcast: {
          1: () => {
            throw thrown;
          },
        },
      });
      const error = await caught(() => check(broken, { version: 1, data: 5 }));
      expect(error).toMatchObject({ reason: "invalid" });
      expect(error.message).toMatch(/upcaster of version 1 has thrown/);
      expect(error).toBeInstanceOf(Unreadable);
    },
  );

  test("that nobody here knows is unreadable, and only what is ahead of the newest is newer", async () => {
    for (const version of [2, 3, 4]) expect(read(priced, received({ version }))).toMatchObject({ version });
    const [older, newer] = await Promise.all(
      [1, 5].map((version) => caught(() => read(priced, received({ version })))),
    );
    expect(older).toMatchObject({ reason: "unknown-version", message: "version 1, this consumer knows 2, 3, 4" });
    expect(older).not.toBeInstanceOf(Newer);
    expect(newer).toMatchObject({ reason: "unknown-version" });
    expect(newer).toBeInstanceOf(Newer);
  });
});
