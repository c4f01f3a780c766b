import { describe, expect, test } from "vitest";
import { z } from "zod";
import { decode } from "../src/cloud-events.ts";
import { bytes, json } from "../src/codec.ts";
import type { Composed } from "../src/composer.ts";
import { Composer } from "../src/composer.ts";
import type { Definition } from "../src/definition.ts";
import type { Envelope } from "../src/envelope.ts";
import type { AnyPublishOptions } from "../src/publish-options.ts";
import type { Manifest } from "../src/seam.ts";
import { queue } from "../src/queue.ts";
import { topic } from "../src/topic.ts";
import { caught, manifest } from "./support.ts";

const now = 1_000_000;
const order = z.object({ id: z.string(), customer: z.string().optional() });
const plain = topic("order.placed", { schema: order });
const keyed = topic("order.placed", { schema: order, key: ({ customer }) => customer as string });
const ordered = topic("order.placed", { schema: order, key: ({ customer }) => customer as string, ordered: true });
const ranked = queue("email.send", { schema: order, priorities: 3 });

function composer<In, Out>(definition: Definition<In, Out>, over: Partial<Manifest> = {}): Composer<In, Out> {
  let ids = 0;
  const context = {
    source: "shop",
    clock: { now: () => now, after: () => () => undefined },
    newId: () => `id-${(ids += 1)}`,
  };
  return new Composer(definition, manifest(over), context);
}

function compose<In, Out>(
  definition: Definition<In, Out>,
  options?: AnyPublishOptions,
  over?: Partial<Manifest>,
): Composed {
  return composer(definition, over).compose({ id: "o-1", customer: "c-7" }, options) as Composed;
}

test("a message carries its data, its attributes and nothing else", () => {
  const { wire, envelope } = compose(keyed);
  expect(wire).toMatchObject({
    id: "id-1",
    dedupe: "id-1",
    source: "order.placed",
    key: "c-7",
    deliverAt: undefined,
    priority: 0,
  });
  expect(envelope).toEqual({
    id: "id-1",
    type: "order.placed",
    source: "shop",
    timestamp: now,
    version: 1,
    correlationId: "id-1",
    causationId: undefined,
    key: "c-7",
    headers: {},
  });
  expect(decode(json, wire)).toMatchObject({ id: "id-1", key: "c-7", data: { id: "o-1", customer: "c-7" } });
});

test("what comes of a message carries on its correlation and names it as its cause", () => {
  const cause = { id: "cause", correlationId: "first", headers: {} } as Envelope;
  const { envelope } = composer(plain).compose({ id: "o-1" }, {}, cause) as Composed;
  expect(envelope).toMatchObject({ correlationId: "first", causationId: "cause" });
  const own = composer(plain).compose({ id: "o-1" }, { correlationId: "mine" }, cause) as Composed;
  expect(own.envelope).toMatchObject({ correlationId: "mine", causationId: "cause" });
});

describe("data", () => {
  test("that does not match is refused with its path and the topic", async () => {
    const error = await caught(() => composer(plain).compose({ id: 5 }));
    expect(error).toMatchObject({ code: "INVALID_DATA" });
    expect(error.message).toMatch(/^data for topic "order\.placed" does not match its schema: id: /);
  });

  test("is checked, and refused, also where the schema is asynchronous", async () => {
    const later = topic("later", { schema: z.string().refine(async (text) => text !== "b") });
    expect(await composer(later).compose("a")).toMatchObject({ wire: { id: "id-1" } });
    expect(await caught(() => composer(later).compose("b"))).toMatchObject({ code: "INVALID_DATA" });
  });

  test("that cannot be written is refused, with the cause", async () => {
    const any = topic("any", { schema: z.any() });
    const error = await caught(() => composer(any).compose({ big: 1n }));
    expect(error).toMatchObject({ code: "INVALID_DATA" });
    expect(error.cause).toBeInstanceOf(TypeError);
    const binary = topic("binary", { schema: z.any(), codec: bytes });
    expect(await caught(() => composer(binary).compose("text"))).toMatchObject({ code: "INVALID_DATA" });
    let deep: unknown[] = [];
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    expect(await caught(() => composer(any).compose(deep))).toMatchObject({ code: "INVALID_DATA" });
  });
});

describe("key", () => {
  test("is what the function makes of the schema's output", () => {
    const upper = topic("upper", { schema: z.object({ k: z.string().toUpperCase() }), key: ({ k }) => k });
    expect((composer(upper).compose({ k: "a" }) as Composed).wire.key).toBe("A");
  });

  test("may be left out of one message, unless the topic is ordered", async () => {
    expect((composer(keyed).compose({ id: "o-1" }) as Composed).wire.key).toBeUndefined();
    expect(await caught(() => composer(ordered).compose({ id: "o-1" }))).toMatchObject({ code: "INVALID_DATA" });
  });

  test.each([5, null, {}, "\ud800", Symbol("s")])("%s is refused", async (key) => {
    const wrong = topic("wrong", { schema: order, key: () => key as string });
    expect(await caught(() => compose(wrong))).toMatchObject({ code: "INVALID_DATA" });
  });

  test("that throws is refused, with the cause", async () => {
    const cause = new RangeError("no customer");
    const throwing = topic("throwing", {
      schema: order,
      key: () => {
        throw cause;
      },
    });
    expect(await caught(() => compose(throwing))).toMatchObject({ code: "INVALID_DATA", cause });
  });
});

describe("size", () => {
  test("a body of exactly maxBytes fits, one byte more does not", async () => {
    const { length } = compose(plain).wire.body;
    expect(compose(plain, {}, { maxBytes: length }).wire.body).toHaveLength(length);
    const error = await caught(() => compose(plain, {}, { maxBytes: length - 1 }));
    expect(error).toMatchObject({ code: "TOO_LARGE" });
    expect(error.message).toContain(`${length} bytes, at most ${length - 1}`);
  });

  test("headers are counted in bytes, ours among them", async () => {
    const headers = { träce: "ü".repeat(100) };
    const size = Buffer.byteLength("träce") + 200 + "content-type".length + "application/cloudevents+json".length;
    expect(compose(plain, { headers }, { maxHeaderBytes: size }).envelope.headers).toBe(headers);
    expect(await caught(() => compose(plain, { headers }, { maxHeaderBytes: size - 1 }))).toMatchObject({
      code: "TOO_LARGE",
    });
  });
});

describe("delay", () => {
  test("becomes an absolute time", () => {
    expect(compose(plain, { delay: "5m" }).wire.deliverAt).toBe(now + 300_000);
    expect(compose(plain, { deliverAt: now + 5 }).wire.deliverAt).toBe(now + 5);
    expect(compose(plain, { deliverAt: new Date(now + 5) }).wire.deliverAt).toBe(now + 5);
    expect(compose(plain, { deliverAt: now + 0.5 }).wire.deliverAt).toBe(now + 1);
  });

  test("of 0, and a time that has passed, mean at once", () => {
    for (const options of [
      { delay: 0 },
      { deliverAt: now },
      { deliverAt: 0 },
      { deliverAt: -Infinity },
      { deliverAt: new Date(0) },
    ]) {
      expect(compose(plain, options).wire.deliverAt).toBeUndefined();
    }
  });

  test.each<AnyPublishOptions>([
    { delay: -1 },
    { delay: Number.NaN },
    { delay: Infinity },
    { delay: "soon" as "5s" },
    { delay: null as unknown as number },
    { deliverAt: Number.NaN },
    { deliverAt: new Date(Number.NaN) },
    { deliverAt: Infinity },
    { deliverAt: 1e300 },
    { deliverAt: "tomorrow" as unknown as number },
    { delay: 1, deliverAt: now + 1 },
  ])("%j is refused", (options) => {
    expect(() => compose(plain, options)).toThrow(TypeError);
  });

  test("beyond what the carrier takes is written on the message, which the carrier keeps as long as it can", () => {
    expect(compose(plain, { delay: 900 }, { maxDelay: 900 }).wire).toMatchObject({ deliverAt: now + 900 });
    const { deliverAt, headers } = compose(plain, { delay: 2_000 }, { maxDelay: 900 }).wire;
    expect(deliverAt).toBe(now + 900);
    expect(headers["waybill-due"]).toBe(String(now + 2_000));
  });

  test("is refused on an ordered topic, and by a carrier without any", async () => {
    expect(() => compose(ordered, { delay: 5 })).toThrow(TypeError);
    expect(() => compose(ordered, { deliverAt: now + 5 })).toThrow(TypeError);
    expect(await caught(() => compose(plain, { delay: 1 }, { maxDelay: 0 }))).toMatchObject({ code: "UNSUPPORTED" });
  });
});

describe("expiry", () => {
  test("counts from when it was published, and travels", () => {
    expect(compose(plain, { expiresIn: "1s" }).envelope.expiresAt).toBe(now + 1_000);
    expect(compose(plain).envelope.expiresAt).toBeUndefined();
    expect(compose(ordered, { expiresIn: 5 }).envelope.expiresAt).toBe(now + 5);
  });

  test.each<AnyPublishOptions>([
    { expiresIn: -1 },
    { expiresIn: 0 },
    { expiresIn: Infinity },
    { expiresIn: "soon" as "5s" },
    { expiresIn: "1s", delay: "1s" },
    { expiresIn: "1s", deliverAt: now + 2_000 },
  ])("%j could never be handled, or never expires, so it is refused", (options) => {
    expect(() => compose(plain, options)).toThrow(/^expiresIn is /);
  });
});

describe("priority", () => {
  test("is one of the definition's levels", () => {
    for (const priority of [0, 1, 2]) expect(compose(ranked, { priority }).wire.priority).toBe(priority);
    expect(compose(plain, { priority: 0 }).wire.priority).toBe(0);
  });

  test.each([3, -1, 0.5, Number.NaN, Infinity, "1"])("%s is refused", (priority) => {
    expect(() => compose(ranked, { priority: priority as number })).toThrow(TypeError);
  });

  test("is refused where there are no levels", () => {
    expect(() => compose(plain, { priority: 1 })).toThrow('topic "order.placed" has 1 level(s)');
  });
});

describe("id and correlation id", () => {
  test("are taken as given", () => {
    expect(compose(plain, { id: "mine" }).wire).toMatchObject({ id: "mine", dedupe: "mine" });
    expect(compose(plain, { id: "🚚" }).envelope).toMatchObject({ id: "🚚", correlationId: "🚚" });
  });

  test.each(["", "\ud800", 5, false, {}])("%j would not be readable at the other end, so it is refused", (value) => {
    const id = value as string;
    expect(() => compose(plain, { id })).toThrow(/^id is /);
    expect(() => compose(plain, { correlationId: id })).toThrow(/^correlationId is /);
  });
});

test("a reserved header is refused", async () => {
  expect(await caught(() => compose(plain, { headers: { ce_id: "x" } }))).toMatchObject({ code: "INVALID_DATA" });
});
