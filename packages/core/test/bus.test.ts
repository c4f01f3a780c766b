import type { Bus, ConnectOptions } from "@waybill/core";
import { connect, queue, topic } from "@waybill/core";
import { memory } from "@waybill/memory";
import { seededRandom, virtualClock } from "@waybill/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { caught, outcomeOf } from "./support.ts";

const schema = z.object({ n: z.number() });
const events = topic("events", { schema });
const jobs = queue("jobs", { schema });
let brokers = 0;

/** A bus on a broker of its own, which stands still until its clock is advanced. */
async function open(options: ConnectOptions = {}) {
  const clock = virtualClock();
  const url = `memory:bus-test-${(brokers += 1)}`;
  const again = (more: ConnectOptions = {}): Promise<Bus> =>
    connect(url, { clock, random: seededRandom(brokers), adapters: [memory], ...options, ...more });
  return { clock, bus: await again(), again };
}

describe("publishing with what cannot be", () => {
  test.each<[string, Record<string, unknown>]>([
    ["a negative delay", { delay: -1 }],
    ["a delay of NaN", { delay: Number.NaN }],
    ["a delivery time of NaN", { deliverAt: Number.NaN }],
    ["delay and delivery time", { delay: 1, deliverAt: 1 }],
    ["a priority that the queue does not have", { priority: 1 }],
    ["a negative timeout", { timeout: -1 }],
    ["a timeout of NaN", { timeout: Number.NaN }],
    ["an empty id", { id: "" }],
    ["an id that is a number", { id: 5 }],
  ])("%s rejects with a TypeError, and nothing is stored", async (_, options) => {
    const { bus } = await open();
    expect(await caught(() => bus.send(jobs, { n: 1 }, options))).toBeInstanceOf(TypeError);
    expect(await bus.inbox(jobs).stats()).toMatchObject({ ready: 0, delayed: 0 });
    await bus.close();
  });

  test.each<[string, unknown, Record<string, unknown>, string]>([
    ["data that does not match", { n: "1" }, {}, "INVALID_DATA"],
    ["no data", undefined, {}, "INVALID_DATA"],
    ["a reserved header", { n: 1 }, { headers: { ce_id: "x" } }, "INVALID_DATA"],
    ["a header that is a number", { n: 1 }, { headers: { a: 5 } }, "INVALID_DATA"],
    ["headers over the limit", { n: 1 }, { headers: { a: "x".repeat(70_000) } }, "TOO_LARGE"],
    ["a signal that has fired", { n: 1 }, { signal: AbortSignal.abort() }, "ABORTED"],
  ])("%s rejects with the code, and nothing is stored", async (_, data, options, code) => {
    const { bus } = await open();
    expect(await caught(() => bus.send(jobs, data as { n: number }, options))).toMatchObject({ code });
    expect(await bus.inbox(jobs).stats()).toMatchObject({ ready: 0 });
    await bus.close();
  });

  test("a body of exactly the limit goes, one byte more is TOO_LARGE", async () => {
    const { bus } = await open();
    const texts = queue("texts", { schema: z.string() });
    const { maxBytes } = bus.manifest(texts);
    const handled = Promise.withResolvers<number>();
    await bus.work(texts, {}, ({ data }) => handled.resolve(data.length));
    const tooLarge = await caught(() => bus.send(texts, "x".repeat(maxBytes)));
    expect(tooLarge).toMatchObject({ code: "TOO_LARGE" });
    const over = Number(/body of (\d+) bytes/.exec(tooLarge.message)?.[1]) - maxBytes;
    expect(await caught(() => bus.send(texts, "x".repeat(maxBytes - over + 1)))).toMatchObject({ code: "TOO_LARGE" });
    await bus.send(texts, "x".repeat(maxBytes - over));
    expect(await handled.promise).toBe(maxBytes - over);
    await bus.close();
  });
});

describe("subscribing with what cannot be rejects, and never throws at once", () => {
  test.each<[string, Record<string, unknown>]>([
    ["concurrency 0", { concurrency: 0 }],
    ["concurrency NaN", { concurrency: Number.NaN }],
    ["maxAttempts 0", { retry: { maxAttempts: 0 } }],
    ["a negative retry delay", { retry: { delay: -1 } }],
    ["a timeout of 0", { timeout: 0 }],
    ["an empty group", { group: "" }],
    ["no group", { group: undefined }],
    ["a group with a wildcard", { group: "billing.*" }],
  ])("%s", async (_, options) => {
    const { bus } = await open();
    const subscribed = bus.subscribe(events, { group: "g", ...options }, () => undefined);
    expect(await caught(() => subscribed)).toBeInstanceOf(TypeError);
    expect((await bus.health()).consumers).toEqual([]);
    await bus.close();
  });
});

describe("close", () => {
  test("refuses everything afterwards with CLOSED, and may be repeated", async () => {
    const { bus } = await open();
    const producer = bus.producer(events);
    await bus.publish(events, { n: 1 });
    await Promise.all([bus.close(), bus.close()]);
    await bus.close();
    expect(await caught(() => bus.publish(events, { n: 1 }))).toMatchObject({ code: "CLOSED" });
    expect(await caught(() => producer.publish({ n: 1 }))).toMatchObject({ code: "CLOSED" });
    expect(await caught(() => bus.subscribe(events, { group: "g" }, () => undefined))).toMatchObject({
      code: "CLOSED",
    });
    expect(await bus.publishMany(events, [{ n: 1 }])).toMatchObject([
      { outcome: "refused", error: { code: "CLOSED" } },
    ]);
  });

  test("settles what is being published when it is called", async () => {
    const { bus, again } = await open();
    const sent = Array.from({ length: 50 }, (_, n) => bus.send(jobs, { n }));
    await bus.close();
    await Promise.all(sent);
    const other = await again();
    expect(await other.inbox(jobs).stats()).toMatchObject({ ready: 50 });
    await other.close();
  });

  test("leaves no subscription that was under way running", async () => {
    const { bus, again } = await open();
    const subscribed = bus.work(jobs, {}, () => expect.unreachable());
    const closing = bus.close();
    expect(await caught(() => subscribed)).toMatchObject({ code: "CLOSED" });
    await closing;
    const other = await again();
    await other.send(jobs, { n: 1 });
    expect(await other.inbox(jobs).stats()).toMatchObject({ ready: 1, inFlight: 0 });
    await other.close();
  });

  test("with a grace that cannot be is refused, and the bus can still be closed", async () => {
    const { bus } = await open();
    const consumer = await bus.work(jobs, {}, () => undefined);
    expect(await caught(() => bus.close({ grace: -1 }))).toBeInstanceOf(TypeError);
    expect(await caught(() => consumer.close({ grace: Number.NaN }))).toBeInstanceOf(TypeError);
    await bus.publish(events, { n: 1 });
    await bus.close();
  });

  test("gives a handler that never returns its grace, then its message back, uncounted", async () => {
    const { bus, clock, again } = await open();
    const signals: AbortSignal[] = [];
    await bus.work(jobs, {}, ({ signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    await bus.send(jobs, { n: 1 });
    await clock.flush();
    const closing = outcomeOf(bus.close({ grace: "5s" }));
    await clock.advance(4_999);
    expect([closing.state, signals[0]?.aborted]).toEqual(["pending", false]);
    await clock.advance(1);
    expect([closing.state, signals[0]?.aborted]).toEqual(["resolved", true]);
    const other = await again();
    const attempts: number[] = [];
    await other.work(jobs, {}, ({ attempt }) => void attempts.push(attempt));
    await clock.flush();
    expect(attempts).toEqual([1]);
    await other.close();
    expect(clock.pending).toBe(0);
  });
});

describe("publishMany", () => {
  test("gives each message its own result, in order", async () => {
    const { bus } = await open();
    const results = await bus.publishMany(jobs, [{ n: 1 }, { n: "2" as unknown as number }, { n: 3 }]);
    expect(results.map(({ outcome }) => outcome)).toEqual(["stored", "refused", "stored"]);
    expect(results[1]).toMatchObject({ error: { code: "INVALID_DATA" } });
    expect(await bus.publishMany(jobs, [])).toEqual([]);
    await bus.close();
  });

  test("waits for room where a publish is BUSY, and keeps the order", async () => {
    const { bus, clock } = await open({ maxBufferedBytes: 2_000 });
    const single = await Promise.allSettled(Array.from({ length: 100 }, (_, n) => bus.send(jobs, { n })));
    const refused = single.filter(({ status }) => status === "rejected");
    expect(refused.length).toBeGreaterThan(90);
    expect(refused[0]).toMatchObject({ reason: { code: "BUSY" } });
    const many = queue("many", { schema });
    const stream = async function* (): AsyncGenerator<{ n: number }> {
      for (let n = 0; n < 3_000; n += 1) yield { n };
    };
    const results = await bus.publishMany(many, stream());
    expect(results.every(({ outcome }) => outcome === "stored")).toBe(true);
    const seen: number[] = [];
    await bus.work(many, { concurrency: 1 }, ({ data }) => void seen.push(data.n));
    for (let turns = 0; turns < 100 && seen.length < 3_000; turns += 1) await clock.flush();
    expect(seen).toEqual(Array.from({ length: 3_000 }, (_, n) => n));
    await bus.close();
  });

  test("rejects with what its source throws, once what it gave before is stored", async () => {
    const { bus } = await open();
    const source = function* (): Generator<{ n: number }> {
      yield { n: 1 };
      throw new Error("the source is broken");
    };
    await expect(bus.publishMany(jobs, source())).rejects.toThrow("the source is broken");
    expect(await bus.inbox(jobs).stats()).toMatchObject({ ready: 1 });
    await bus.close();
  });

  test("takes no id, which all would share", async () => {
    const { bus } = await open();
    const options = { id: "one" } as unknown as { id?: undefined };
    expect(await caught(() => bus.publishMany(jobs, [{ n: 1 }], options))).toBeInstanceOf(TypeError);
    await bus.close();
  });
});

test("an asynchronous schema lets no later message overtake (PUB-8)", async () => {
  const { bus, clock } = await open();
  const slowFirst = z.number().refine(async (n) => {
    for (let turns = 0; turns < 20 - n; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    return n !== 3;
  });
  const numbers = queue("numbers", { schema: slowFirst });
  const sent = await Promise.allSettled([0, 1, 2, 3, 4, 5].map((n) => bus.send(numbers, n)));
  expect(sent.map(({ status }) => status === "fulfilled")).toEqual([true, true, true, false, true, true]);
  const seen: number[] = [];
  await bus.work(numbers, { concurrency: 1 }, ({ data }) => void seen.push(data));
  for (let turns = 0; turns < 50 && seen.length < 5; turns += 1) await clock.flush();
  expect(seen).toEqual([0, 1, 2, 4, 5]);
  await bus.close();
});

describe("names", () => {
  const hostile = [
    "a.b",
    "a-b",
    "a_b",
    "a/b",
    "a:b",
    "a b",
    "a%2Eb",
    "A.b",
    "aa.b",
    "a.b ",
    "é",
    "e\u0301",
    "__proto__",
    "constructor",
    "🚚",
  ];

  test("that look alike are kept apart, as topics, groups and namespaces", async () => {
    const { bus, again, clock } = await open();
    const seen: string[] = [];
    for (const name of hostile) {
      await bus.subscribe(
        topic(name, { schema: z.string() }),
        { group: "g" },
        ({ data }) => void seen.push(`topic ${name}: ${data}`),
      );
      await bus.subscribe(
        topic("all", { schema: z.string() }),
        { group: name },
        ({ data }) => void seen.push(`group ${name}: ${data}`),
      );
    }
    const others = await Promise.all(hostile.map((namespace) => again({ namespace })));
    for (const name of hostile) await bus.publish(topic(name, { schema: z.string() }), name);
    await bus.publish(topic("all", { schema: z.string() }), "to all");
    for (const other of others) await other.publish(topic("all", { schema: z.string() }), "of another namespace");
    await clock.flush();
    expect(seen.toSorted()).toEqual(
      hostile.flatMap((name) => [`topic ${name}: ${name}`, `group ${name}: to all`]).toSorted(),
    );
    await Promise.all([bus, ...others].map((each) => each.close()));
  });
});

test("what the configuration says of a group tunes its consumer, over the code's own word", async () => {
  const { clock, bus } = await open({ consumers: { "events/slow": { concurrency: 1 }, jobs: { concurrency: 2 } } });
  const running = { slow: 0, fast: 0, jobs: 0 };
  const over = Promise.withResolvers<void>();
  const busy = (name: keyof typeof running) => (): Promise<void> => {
    running[name] += 1;
    return over.promise;
  };
  await bus.subscribe(events, { group: "slow", concurrency: 5 }, busy("slow"));
  await bus.subscribe(events, { group: "fast", concurrency: 5 }, busy("fast"));
  await bus.work(jobs, { concurrency: 5 }, busy("jobs"));
  const published = Array.from({ length: 8 }, (_, n) => [bus.publish(events, { n }), bus.send(jobs, { n })]);
  await clock.advance(1_000);
  await Promise.all(published.flat());
  expect(running).toEqual({ slow: 1, fast: 5, jobs: 2 });
  over.resolve();
});

test("a consumer whose inbox is removed turns health red", async () => {
  const { bus, clock } = await open();
  await bus.subscribe(events, { group: "billing" }, () => undefined);
  expect((await bus.health()).healthy).toBe(true);
  await bus.inbox(events, "billing").remove();
  await clock.flush();
  expect(await bus.health()).toMatchObject({ healthy: false, consumers: [{ error: { code: "MISSING" } }] });
  await bus.close();
});
