import { describe, expect, test } from "vitest";
import { z } from "zod";
import { encoder } from "../src/cloud-events.ts";
import { json } from "../src/codec.ts";
import type { Envelope } from "../src/envelope.ts";
import { check, read, Unreadable } from "../src/reader.ts";
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
    expect(await caught(() => check(orders, { total: "5" }))).toMatchObject({ reason: "invalid" });
    const later = topic("later", { schema: z.number().refine(async () => false) });
    expect(await caught(() => check(later, 5))).toMatchObject({ reason: "invalid" });
  });
});

test("a schema that breaks is no verdict on the message: its error passes", async () => {
  const broken = topic("broken", {
    schema: z.any().transform(() => {
      throw new RangeError("the database of postcodes is down");
    }),
  });
  const error = await caught(() => check(broken, 5));
  expect(error).not.toBeInstanceOf(Unreadable);
  expect(error).toBeInstanceOf(RangeError);
});
