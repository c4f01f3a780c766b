import type {
  Batch,
  BatchHandler,
  BatchOptions,
  Bus,
  DeadLetter,
  Message,
  Middleware,
  Queue,
  WorkOptions,
} from "@waybill/core";
import { connect, PermanentError, queue } from "@waybill/core";
import { memory } from "@waybill/memory";
import { seededRandom, virtualClock } from "@waybill/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { caught } from "./support.ts";

const schema = z.object({ n: z.number() });
const jobs = queue("jobs", { schema });
const ordered = queue("ordered", { schema, key: ({ n }) => `k${n % 2}`, ordered: true });
const mails = queue("mails", { schema: z.string() });
let brokers = 0;

type Item = Message<{ n: number }>;
interface Setting extends WorkOptions {
  readonly batch?: Partial<BatchOptions> | undefined;
  readonly delivery?: undefined;
  readonly use?: Middleware | undefined;
}

/** A bus whose one worker handles batches of up to 3, waiting for up to a second, one at a time. */
async function batching(
  handler: BatchHandler<{ n: number }>,
  { use, batch, ...options }: Setting = {},
  work: Queue<{ n: number }> = jobs,
) {
  const clock = virtualClock();
  const url = `memory:batch-test-${(brokers += 1)}`;
  const again = (): Promise<Bus> => connect(url, { clock, random: seededRandom(1), adapters: [memory] });
  const bus = await again();
  if (use !== undefined) bus.use(use);
  const retry = { maxAttempts: 2, delay: 10_000 };
  const consumer = await bus.work(work, { retry, ...options, batch: { size: 3, wait: "1s", ...batch } }, handler);
  const send = async (...numbers: readonly number[]): Promise<void> => {
    await bus.publishMany(
      work,
      numbers.map((n) => ({ n })),
    );
    await clock.flush();
  };
  const letters = async (): Promise<readonly DeadLetter[]> => {
    const all: DeadLetter[] = [];
    for await (const letter of bus.inbox(work).deadLetters.list()) all.push(letter);
    return all;
  };
  /** Closes it though handlers may never end. */
  const end = async (): Promise<void> => {
    await Promise.all([bus.close({ grace: 0 }), clock.advance(1_000)]);
    expect(clock.pending).toBe(0);
  };
  return { bus, again, clock, consumer, send, letters, end };
}

/** A handler that writes down what it is given, and ends when it is told. */
function recorder() {
  const batches: number[][] = [];
  const ends: ((error?: unknown) => void)[] = [];
  const given: (Batch & { readonly messages: readonly Item[] })[] = [];
  const handler = (messages: readonly Item[], batch: Batch): Promise<void> => {
    batches.push(messages.map(({ data }) => data.n));
    given.push(Object.assign(batch, { messages }));
    return new Promise((resolve, reject) => {
      ends.push((error) => (error === undefined ? resolve() : reject(error as Error)));
    });
  };
  return { batches, given, ends, handler };
}

describe("what a handler gets", () => {
  test("is full batches at once, and the rest when the first of it has waited long enough", async () => {
    const { batches, handler } = recorder();
    const { clock, end, send } = await batching(handler, { concurrency: 9 });
    await send(1, 2, 3, 4);
    expect(batches).toEqual([[1, 2, 3]]);
    await clock.advance(600);
    await send(5);
    await clock.advance(399);
    expect(batches).toHaveLength(1);
    await clock.advance(1);
    expect(batches.slice(1)).toEqual([[4, 5]]);
    await end();
  });

  test("with a wait of 0 is what came together", async () => {
    const { batches, handler } = recorder();
    const { clock, end, send } = await batching(handler, { batch: { size: 10, wait: 0 } });
    await send(1, 2, 3);
    await clock.advance(0);
    expect(batches.flat().length).toBeLessThanOrEqual(3);
    await clock.advance(1);
    expect(batches.length).toBe(1);
    await end();
  });

  test("is never more batches than the concurrency, 1 by default; meanwhile the next one fills", async () => {
    const { batches, ends, handler } = recorder();
    const { clock, end, send } = await batching(handler);
    await send(1);
    await clock.advance(1_000);
    await send(2, 3);
    await clock.advance(5_000);
    expect(batches).toEqual([[1]]);
    ends[0]?.();
    await clock.flush();
    expect(batches).toEqual([[1], [2, 3]]);
    await end();
  });

  test("of an ordered queue is one of a key, and in its order", async () => {
    const { batches, handler } = recorder();
    const seen: number[] = [];
    const { bus, clock, send } = await batching(
      async (messages, batch) => {
        seen.push(...messages.map(({ data }) => data.n));
        void handler(messages, batch);
      },
      {},
      ordered,
    );
    await send(1, 2, 3, 4, 5);
    await clock.advance(5_000);
    for (const batch of batches) expect(new Set(batch.map((n) => n % 2)).size).toBe(batch.length);
    expect(seen.filter((n) => n % 2 === 1)).toEqual([1, 3, 5]);
    expect(seen.filter((n) => n % 2 === 0)).toEqual([2, 4]);
    await bus.close();
  });
});

describe("how a batch ends", () => {
  test("a failed message is retried alone, the others are settled; the first error counts", async () => {
    const { given, ends, handler } = recorder();
    const { bus, clock, send, letters } = await batching(handler, { retry: { maxAttempts: 1 } });
    await send(1, 2, 3);
    const [{ messages, fail }] = given as [(typeof given)[0]];
    fail(messages[1] as Item, new PermanentError("no such customer"));
    fail(messages[1] as Item, new Error("another"));
    expect(await bus.inbox(jobs).stats()).toMatchObject({ inFlight: 3 });
    ends[0]?.();
    await clock.flush();
    expect(await bus.inbox(jobs).stats()).toMatchObject({ inFlight: 0, ready: 0, dead: 1 });
    expect(await letters()).toMatchObject([
      { data: { n: 2 }, reason: "permanent", error: { message: "no such customer" } },
    ]);
    expect(await caught(() => fail(messages[0] as Item, new Error("late")))).toMatchObject({ code: "CLOSED" });
    await bus.close();
  });

  test("a throw fails all that were not failed", async () => {
    const attempts: [number, number][] = [];
    const { bus, clock, send, letters } = await batching((messages, { fail }) => {
      attempts.push(...messages.map(({ data, attempt }): [number, number] => [data.n, attempt]));
      fail(messages[0] as Item, new PermanentError("this one"));
      throw new Error("all");
    });
    await send(1, 2, 3);
    expect(await bus.inbox(jobs).stats()).toMatchObject({ delayed: 2, dead: 1 });
    await clock.advance(11_000);
    expect(attempts).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [2, 2],
      [3, 2],
    ]);
    expect((await letters()).map(({ error }) => error.message)).toEqual(["this one", "this one", "all"]);
    await bus.close();
  });

  test("a stranger's message cannot be failed", async () => {
    const errors: unknown[] = [];
    const { bus, send } = await batching(async (messages, { fail }) => {
      errors.push(await caught(() => fail({ ...messages[0] } as Item, new Error("no"))));
    });
    await send(1, 2, 3);
    expect(errors).toEqual([expect.any(TypeError)]);
    await bus.close();
  });

  test("what is sent through a message leaves with its success alone", async () => {
    const { bus, clock, send } = await batching(async (messages, { fail }) => {
      for (const message of messages) await message.send(mails, `of ${message.data.n}`);
      fail(messages[0] as Item, new Error("no"));
    });
    await send(1, 2, 3);
    const seen: string[] = [];
    await bus.work(mails, {}, ({ data }) => void seen.push(data));
    await clock.flush();
    expect(seen).toEqual(["of 2", "of 3"]);
    await bus.close();
  });
});

describe("the timeout", () => {
  test("begins with the batch, is one for all, fires the signals, and frees the slot though the handler runs on", async () => {
    const { batches, given, ends, handler } = recorder();
    const { bus, clock, end, send } = await batching(handler, { timeout: "10s", retry: { maxAttempts: 1 } });
    await send(1, 2);
    await clock.advance(1_000);
    await send(3, 4, 5);
    const [{ signal, messages }] = given as [(typeof given)[0]];
    await clock.advance(9_999);
    expect([signal.aborted, batches]).toEqual([false, [[1, 2]]]);
    await clock.advance(1);
    expect(signal.reason).toMatchObject({ code: "TIMEOUT" });
    for (const message of messages) expect(message.signal.aborted).toBe(true);
    expect(batches).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    expect(await bus.inbox(jobs).stats()).toMatchObject({ dead: 2, inFlight: 3 });
    ends[0]?.();
    await send(6, 7, 8);
    expect(batches).toHaveLength(2);
    ends[1]?.();
    await clock.flush();
    expect(batches).toHaveLength(3);
    await end();
  });
});

describe("what waits for others", () => {
  test.each(["pause", "close"] as const)("is given back by %s, uncounted", async (how) => {
    const { bus, again, clock, consumer, send } = await batching(() => expect.unreachable());
    await send(1, 2);
    if (how === "pause") consumer.pause();
    else await consumer.close();
    await clock.flush();
    expect(await bus.inbox(jobs).stats()).toMatchObject({ ready: 2, inFlight: 0 });
    const other = await again();
    const seen: number[] = [];
    await other.work(jobs, {}, ({ data, attempt }) => void seen.push(data.n, attempt));
    await clock.flush();
    expect(seen).toEqual([1, 1, 2, 1]);
    await Promise.all([bus.close(), other.close()]);
    expect(clock.pending).toBe(0);
  });

  test("comes again after resume", async () => {
    const { batches, handler } = recorder();
    const { clock, consumer, end, send } = await batching(handler);
    await send(1, 2);
    consumer.pause();
    await send(3);
    consumer.resume();
    await clock.flush();
    expect(batches.map((batch) => batch.toSorted((a, b) => a - b))).toEqual([[1, 2, 3]]);
    await end();
  });

  test("is not handled once it has expired", async () => {
    const { batches, handler } = recorder();
    const { bus, clock, end } = await batching(handler);
    await bus.send(jobs, { n: 1 }, { expiresIn: 500 });
    await clock.advance(600);
    await bus.send(jobs, { n: 2 });
    await clock.advance(1_000);
    expect(batches).toEqual([[2]]);
    expect(await bus.inbox(jobs).stats()).toMatchObject({ ready: 0, dead: 0, inFlight: 1 });
    await end();
  });
});

test("each message passes the middlewares by itself, and meets the others behind them", async () => {
  const passed: string[] = [];
  const use: Middleware = {
    name: "passes",
    handle: (next) => async (message) => {
      const { n } = message.data as { readonly n: number };
      if (n === 2) return;
      passed.push(`in ${n}`);
      const how = await next(message).then(
        () => "ok",
        () => "no",
      );
      passed.push(`${how} ${n}`);
      if (how === "no") throw new Error("no");
    },
  };
  const { batches, ends, given, handler } = recorder();
  const { bus, clock, send } = await batching(handler, { use });
  await send(1, 2, 3, 4);
  expect(batches).toEqual([[1, 3, 4]]);
  given[0]?.fail(given[0].messages[1] as Item, new Error("no"));
  ends[0]?.();
  await clock.flush();
  expect(passed).toEqual(["in 1", "in 3", "in 4", "ok 1", "no 3", "ok 4"]);
  expect(await bus.inbox(jobs).stats()).toMatchObject({ delayed: 1, inFlight: 0 });
  await bus.close();
});
