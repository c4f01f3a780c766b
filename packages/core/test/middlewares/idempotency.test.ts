import type { Envelope, Handle, IdempotencyOptions, IdempotencyStore, Message } from "@waybill/core";
import { call, connect, idempotency, memoryStore, pattern, queue, timeout, topic } from "@waybill/core";
import { memory } from "@waybill/memory";
import { virtualClock } from "@waybill/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const orders = topic("order.placed", { schema: z.string() });
const mails = queue("mails", { schema: z.string() });
let buses = 0;

/** A bus whose group `billing` handles orders once, and what its handler saw. */
async function open(handler: (message: Message<string>) => unknown, options: Partial<IdempotencyOptions> = {}) {
  const clock = virtualClock();
  const url = `memory:idempotency-test-${(buses += 1)}`;
  const bus = await connect(url, { clock, adapters: [memory] });
  const results: unknown[] = [];
  const watch =
    (next: Handle): Handle =>
    async (message) => {
      const result = await next(message);
      if (message.type === orders.name) results.push(result);
      return result;
    };
  const once = idempotency({ store: memoryStore({ clock }), lease: "30s", clock, ...options });
  bus.use({ name: "watch", handle: watch }).use(once);
  const attempts: number[] = [];
  await bus.subscribe(orders, { group: "billing", retry: { maxAttempts: 3, delay: "1s" } }, (message) => {
    attempts.push(message.attempt);
    return handler(message);
  });
  const publish = (id: string): Promise<Envelope> => bus.publish(orders, `order ${id}`, { id });
  const depth = () => bus.inbox(orders, "billing").stats();
  return { bus, url, clock, once, attempts, results, publish, depth };
}

describe("duplicates of a message", () => {
  test("are settled without the handler after a success, by its result", async () => {
    const { bus, clock, attempts, results, publish, depth } = await open(() => ({ paid: true }));
    await publish("o-1");
    await clock.flush();
    await publish("o-1");
    await publish("o-2");
    await clock.flush();
    expect(attempts).toEqual([1, 1]);
    expect(results).toEqual([{ paid: true }, { paid: true }, { paid: true }]);
    expect(await depth()).toMatchObject({ ready: 0, inFlight: 0, delayed: 0, dead: 0 });
    await bus.close();
    expect(clock.pending).toBe(0);
  });

  test("wait, uncounted, while one of them is handled, however long, and are handled if it fails", async () => {
    const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
    const { bus, clock, attempts, publish, depth } = await open(
      () => new Promise<void>((resolve, reject) => ends.push({ resolve, reject })),
    );
    await publish("o-1");
    await publish("o-1");
    await clock.advance(600_000);
    expect(attempts).toEqual([1]);
    ends[0]?.reject(new Error("no"));
    await clock.advance(1_000);
    expect(attempts[1], "whichever comes first").toBeLessThanOrEqual(2);
    ends[1]?.resolve();
    await clock.advance(1_000);
    expect(attempts).toHaveLength(2);
    expect(await depth()).toMatchObject({ ready: 0, inFlight: 0, delayed: 0, dead: 0 });
    await bus.close();
    expect(clock.pending).toBe(0);
  });

  test("are each group's own, and each pattern's", async () => {
    const { bus, clock, attempts, publish } = await open(() => undefined);
    const others: string[] = [];
    await bus.subscribe(orders, { group: "shipping" }, ({ group }) => void others.push(group));
    const all = pattern("order.*", { schema: z.string() });
    await bus.subscribe(all, { group: "billing" }, ({ type }) => void others.push(type));
    const cancelled = topic("order.cancelled", { schema: z.string() });
    await publish("o-1");
    await publish("o-1");
    await bus.publish(cancelled, "o-1", { id: "o-1" });
    await clock.advance(2_000);
    expect([attempts, others.toSorted()]).toEqual([[1], ["order.cancelled", "order.placed", "shipping"]]);
    await bus.close();
  });

  test("may be told by what the user says", async () => {
    const { bus, clock, attempts } = await open(() => undefined, { key: ({ data }) => String(data) });
    for (const order of ["same", "same", "other"]) await bus.publish(orders, order);
    await clock.advance(2_000);
    expect(attempts).toEqual([1, 1]);
    await bus.close();
  });

  test("send again what the first has sent, under the same id", async () => {
    const { bus, url, clock, attempts, publish } = await open(({ send }) => send(mails, "paid"));
    const mailer = await connect(url, { clock, adapters: [memory] });
    const ids: string[] = [];
    await mailer.work(mails, {}, ({ id }) => void ids.push(id));
    await publish("o-1");
    await clock.flush();
    await publish("o-1");
    await clock.flush();
    expect(attempts).toEqual([1]);
    expect(ids).toEqual([ids[0], ids[0]]);
    await mailer.close();
    await bus.close();
  });

  test("are handled again once the success is forgotten", async () => {
    const { bus, clock, attempts, publish } = await open(() => undefined, { retention: "1h" });
    await publish("o-1");
    await clock.advance(3_599_999);
    await publish("o-1");
    await clock.flush();
    expect(attempts).toEqual([1]);
    await clock.advance(1);
    await publish("o-1");
    await clock.flush();
    expect(attempts).toEqual([1, 1]);
    await bus.close();
  });
});

describe("duplicates of a request", () => {
  const greet = call("greet", { request: z.string(), reply: z.string() });

  async function greeting(answer: string) {
    const clock = virtualClock();
    const bus = await connect(`memory:idempotency-test-${(buses += 1)}`, { clock, adapters: [memory] });
    bus.use(
      idempotency({ store: memoryStore({ clock }), clock, maxRecordBytes: 500, key: ({ data }) => String(data) }),
    );
    let handled = 0;
    await bus.reply(greet, {}, () => `${answer} ${(handled += 1)}`);
    const first = await bus.request(greet, "Ada");
    const second = await bus.request(greet, "Ada").catch((error: unknown) => error);
    await bus.close();
    return { first, second };
  }

  test("get the reply of the first", async () => {
    expect(await greeting("hello")).toEqual({ first: "hello 1", second: "hello 1" });
  });

  test("are told that it could not be kept, and what to do", async () => {
    const { second } = await greeting("x".repeat(1_000));
    expect(second).toMatchObject({ code: "REMOTE", remote: { name: "PermanentError" } });
    expect(String(second)).toContain("raise maxRecordBytes");
  });
});

test("a failure gives its claim back, so that its own retry is not kept waiting", async () => {
  const { bus, clock, attempts, publish } = await open(({ attempt }) => {
    if (attempt < 3) throw new Error("no");
  });
  await publish("o-1");
  await clock.advance(2_000);
  expect(attempts).toEqual([1, 2, 3]);
  await bus.close();
});

test("so does what the handler has sent where it cannot leave, or cannot be recorded", async () => {
  for (const text of [5 as unknown as string, "x".repeat(1_000)]) {
    const { bus, clock, attempts, publish } = await open(({ send }) => void send(mails, text), { maxRecordBytes: 500 });
    await publish("o-1");
    await clock.advance(10_000);
    expect(attempts).toEqual([1, 2, 3]);
    await bus.close();
  }
});

test("a handler past its timeout keeps its claim until its lease ends, and no longer", async () => {
  const clock = virtualClock();
  const bus = await connect(`memory:idempotency-test-${(buses += 1)}`, { clock, adapters: [memory] });
  bus.use(idempotency({ store: memoryStore({ clock }), lease: "30s", clock })).use(timeout("5s"));
  const began: number[] = [];
  await bus.subscribe(orders, { group: "billing", retry: { delay: "1s" } }, () => {
    began.push(clock.now());
    return began.length === 1 ? new Promise(() => undefined) : undefined;
  });
  await bus.publish(orders, "o-1");
  await clock.advance(60_000);
  const [first = 0, second = 0] = began;
  expect(began).toHaveLength(2);
  expect(second - first).toBeGreaterThanOrEqual(30_000);
  expect(second - first).toBeLessThan(32_000);
  await bus.close();
});

test("whose claim was lost is told by its signal, and its success does not count", async () => {
  const store = memoryStore();
  let lost = false;
  const failing: IdempotencyStore = {
    claim: (key, owner, leaseMs) => store.claim(key, owner, leaseMs),
    renew: () => !lost,
    complete: (key, owner, ...rest) => !lost && store.complete(key, owner, ...rest),
    release: (key, owner) => store.release(key, owner),
  };
  const signals: AbortSignal[] = [];
  const handler = ({ signal }: Message<string>): unknown => {
    signals.push(signal);
    if (signals.length > 1) return undefined;
    return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  };
  const { bus, clock, attempts, publish } = await open(handler, { store: failing });
  await publish("o-1");
  await clock.advance(10_000);
  expect(signals[0]?.aborted).toBe(false);
  lost = true;
  await clock.advance(10_000);
  expect(signals[0]?.reason).toMatchObject({ code: "LEASE_LOST" });
  lost = false;
  await clock.advance(1_000);
  expect(attempts, "handled again, uncounted").toEqual([1, 1]);
  await bus.close();
});

test("while the store cannot be asked nothing is handled and nothing is counted", async () => {
  const store = memoryStore();
  let down = true;
  const unreachable: IdempotencyStore = {
    claim: (key, owner, leaseMs) => (down ? Promise.reject(new Error("down")) : store.claim(key, owner, leaseMs)),
    renew: () => Promise.reject(new Error("down")),
    complete: (...all) => store.complete(...all),
    release: () => Promise.reject(new Error("down")),
  };
  const signals: AbortSignal[] = [];
  const { bus, clock, attempts, publish } = await open(
    ({ signal }) =>
      new Promise<void>((resolve) => {
        signals.push(signal);
        clock.after(60_000, resolve);
      }),
    { store: unreachable },
  );
  await publish("o-1");
  await clock.advance(600_000);
  expect(attempts).toEqual([]);
  down = false;
  await clock.advance(66_000);
  expect(attempts).toEqual([1]);
  expect(signals[0]?.aborted, "by a renewal that failed").toBe(false);
  await bus.close();
});

test.each([{ lease: 0 }, { lease: Infinity }, { retention: 0 }, { maxRecordBytes: 0 }])("refuses %o", (options) => {
  expect(() => idempotency({ store: memoryStore(), ...options })).toThrow(TypeError);
});
