import { virtualClock } from "@waybill/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { AnyDefinition } from "../src/definition.ts";
import { encoder } from "../src/cloud-events.ts";
import { json } from "../src/codec.ts";
import type { Envelope } from "../src/envelope.ts";
import { WaybillError } from "../src/errors.ts";
import { inboxOf } from "../src/inbox.ts";
import { Isolation } from "../src/isolation.ts";
import type { Handle } from "../src/middleware.ts";
import { queue } from "../src/queue.ts";
import { retryPolicy } from "../src/retry.ts";
import { Runner } from "../src/runner.ts";
import type { Delivery, Flow, Receiver, Settlement, SettleResult, Transport } from "../src/seam.ts";
import { delivery } from "./support.ts";

const jobs = queue("jobs", { schema: z.any() });

function received(id: string, over: Partial<Delivery> = {}): Delivery {
  const envelope = { id, timestamp: 0, correlationId: id, headers: {} } as unknown as Envelope;
  return delivery(id, { ...encoder(json, "jobs", "shop", 1)(envelope, id), ...over });
}

/** A runner on a receiver by hand: what it settled and what it asked for. */
async function setUp(
  handle: Handle,
  answer: (settlement: Settlement) => SettleResult = () => "settled",
  definition: AnyDefinition = jobs,
  /** What comes while its receiver starts, when what was fetched ahead is given back, and when the broker has read what was settled. */
  carrier: {
    readonly batch?: readonly Delivery[];
    readonly givenBack?: Promise<void>;
    readonly read?: Promise<void>;
  } = {},
) {
  const clock = virtualClock(0);
  const settled: string[] = [];
  const windows: number[] = [];
  const reports: string[] = [];
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>();
  const receiver = {
    address: "",
    ended,
    settle: async (batch: readonly Settlement[]) => {
      settled.push(...batch.map(({ outcome, delivery: { id } }) => `${outcome} ${id}`));
      return batch.map(answer);
    },
    resize: ({ window }: Flow) => {
      windows.push(window);
      return carrier.givenBack ?? (settled.length > 0 ? carrier.read : undefined);
    },
    stop: async () => undefined,
    close: async () => undefined,
  } as unknown as Receiver;
  const runner = new Runner({
    inbox: inboxOf(jobs, undefined),
    definition,
    handle,
    concurrency: 2,
    timeout: Infinity,
    once: false,
    maxDelay: Infinity,
    maxHeldBytes: 1_000_000,
    retry: retryPolicy(),
    newer: "dead-letter",
    clock,
    random: () => 0,
    backoff: () => 100,
    isolation: new Isolation(clock),
    compose: () => Promise.reject(new Error("no effects here")),
    report: (kind, { code }) => void reports.push(`${kind} ${code}`),
  });
  const receive = async (): Promise<Receiver> => {
    if (carrier.batch !== undefined) runner.deliver(carrier.batch);
    return receiver;
  };
  const started = runner.start({ receive } as unknown as Transport);
  if (carrier.givenBack === undefined) await started;
  return { clock, runner, settled, windows, reports, end, fail };
}

test("never more handlers at once than the concurrency, and the rest in order", async () => {
  const done: (() => void)[] = [];
  const { clock, runner, settled } = await setUp(() => new Promise<void>((resolve) => done.push(resolve)));
  runner.deliver(["a", "b", "c"].map((id) => received(id)));
  expect([runner.running, runner.waiting]).toEqual([2, 1]);
  done[1]?.();
  await clock.flush();
  expect([runner.running, runner.waiting, settled]).toEqual([2, 0, ["ack b"]]);
});

test("pause gives back what was not started, and asks for nothing until resume", async () => {
  const { clock, runner, settled, windows } = await setUp(() => new Promise(() => undefined));
  runner.deliver(["a", "b", "c"].map((id) => received(id)));
  void runner.stop("paused");
  runner.deliver([received("d")]);
  await clock.flush();
  expect(settled).toEqual(["release c", "release d"]);
  expect(windows.at(-1)).toBe(0);
  runner.go("paused");
  expect(windows.at(-1)).toBeGreaterThanOrEqual(2);
});

test("of several suspects that come at once one is handled alone, the others are given back, none is forgotten", async () => {
  const alone: number[] = [];
  const { clock, runner, settled } = await setUp(async () => void alone.push(runner.running));
  runner.deliver([received("s1", { deliveries: 5 }), received("s2", { deliveries: 5 })]);
  runner.deliver([received("s3", { deliveries: 5 }), received("x")]);
  await clock.flush();
  expect(settled.toSorted()).toEqual(["ack s1", "ack x", "release s2", "release s3"]);
  expect(alone).toHaveLength(2);
});

test("after a suspect one message is asked for at a time, and after the first that is none as many as ever", async () => {
  const { clock, runner, windows } = await setUp(async () => undefined);
  const askedAfter = async (...batch: readonly Delivery[]): Promise<number | undefined> => {
    runner.deliver(batch);
    await clock.flush();
    return windows.at(-1);
  };
  const usual = windows.at(-1);
  expect(await askedAfter(received("s1", { deliveries: 5 }), received("s2", { deliveries: 5 }))).toBe(1);
  expect(await askedAfter(received("s2", { deliveries: 5 }))).toBe(1);
  expect(await askedAfter(received("x"))).toBe(usual);
});

test("what is given back for a suspect's sake is settled before the suspect is handled (DLQ-4)", async () => {
  let settledBefore: readonly string[] = [];
  const { clock, runner, settled } = await setUp(async () => void (settledBefore = [...settled]));
  runner.deliver([received("s1", { deliveries: 5 }), received("s2", { deliveries: 5 })]);
  await clock.flush();
  expect(settledBefore).toEqual(["release s2"]);
  expect(settled).toEqual(["release s2", "ack s1"]);
});

test("a suspect waits until the broker has read what was given back for its sake (DLQ-4)", async () => {
  const handled: string[] = [];
  const { promise: read, resolve } = Promise.withResolvers<void>();
  const handle: Handle = async (job) => void handled.push(job.id);
  const { clock, runner, settled } = await setUp(handle, undefined, undefined, { read });
  runner.deliver([received("s1", { deliveries: 5 }), received("s2", { deliveries: 5 })]);
  await clock.flush();
  expect({ handled, settled }).toEqual({ handled: [], settled: ["release s2"] });
  resolve();
  await clock.flush();
  expect(handled).toEqual(["s1"]);
});

test("what killed ten members is buried unread", async () => {
  const { clock, runner, settled } = await setUp(() => expect.unreachable());
  runner.deliver([received("a", { deliveries: 11 })]);
  await clock.flush();
  expect(settled).toEqual(["dead a"]);
});

test("a lost lease fires the signal, and the handler's late end settles nothing", async () => {
  let end: (() => void) | undefined;
  let signal: AbortSignal | undefined;
  const { clock, runner, settled } = await setUp((message) => {
    signal = message.signal;
    return new Promise<void>((resolve) => (end = resolve));
  });
  const messages = [received("a"), received("b"), received("c")];
  runner.deliver(messages.slice(0, 1));
  runner.lost(messages.slice(0, 1), new WaybillError("LEASE_LOST", "the lease ended"));
  expect(signal?.reason).toMatchObject({ code: "LEASE_LOST" });
  end?.();
  await clock.flush();
  expect(settled).toEqual([]);
});

test("a message that cannot be settled stops the rest and turns health red, until it can (DLQ-2)", async () => {
  let full = true;
  const error = new WaybillError("FULL", "no room");
  const { clock, runner, settled, windows } = await setUp(
    async () => undefined,
    () => (full ? error : "settled"),
  );
  runner.deliver([received("a")]);
  await clock.flush();
  expect(runner.trouble).toBe(error);
  expect(windows.at(-1)).toBe(0);
  full = false;
  await clock.advance(100);
  expect(runner.trouble).toBeUndefined();
  expect(windows.at(-1)).toBe(2);
  expect(settled).toEqual(["ack a", "ack a"]);
});

describe("a message that an asynchronous schema still reads", () => {
  let pass: (() => void) | undefined;
  const schema = z.any().refine(() => new Promise<boolean>((resolve) => (pass = () => resolve(true))));
  const slow = queue("jobs", { schema });

  test("is not started after close, which gives it back (LIF-1)", async () => {
    let started = false;
    const { clock, runner, settled } = await setUp(async () => void (started = true), undefined, slow);
    runner.deliver([received("a")]);
    expect(runner.running).toBe(1);
    const closing = runner.close(0);
    await clock.advance(0);
    await closing;
    pass?.();
    await clock.flush();
    expect([started, settled]).toEqual([false, ["release a"]]);
  });

  test("is not started once its lease is lost, and frees its slot (ACK-4)", async () => {
    let started = false;
    const { clock, runner, settled } = await setUp(async () => void (started = true), undefined, slow);
    const batch = [received("a")];
    runner.deliver(batch);
    runner.lost(batch, new WaybillError("LEASE_LOST", "the lease ended"));
    expect(runner.running).toBe(0);
    await clock.flush();
    pass?.();
    await clock.flush();
    expect([started, settled]).toEqual([false, []]);
  });
});

test("a suspect that comes while its receiver starts waits until what was fetched ahead is given back (DLQ-4)", async () => {
  const handled: string[] = [];
  const handle: Handle = async (job) => void handled.push(job.id);
  const { promise: givenBack, resolve } = Promise.withResolvers<void>();
  const batch = [received("s", { deliveries: 5 })];
  const { clock, windows } = await setUp(handle, undefined, undefined, { batch, givenBack });
  await clock.flush();
  expect({ handled, windows }).toEqual({ handled: [], windows: [0] });
  resolve();
  await clock.flush();
  expect(handled).toEqual(["s"]);
});

test("a suspect that waits for its turn does not start while its consumer is paused (SUB-10)", async () => {
  let end: (() => void) | undefined;
  const { clock, runner, settled } = await setUp(() => new Promise<void>((resolve) => (end = resolve)));
  runner.deliver([received("a"), received("s", { deliveries: 5 })]);
  await clock.flush();
  void runner.stop("paused");
  end?.();
  await clock.flush();
  expect(settled).toEqual(["ack a", "release s"]);
});

test("a receiver that ends by itself turns health red for good, and is reported", async () => {
  const { clock, runner, reports, fail } = await setUp(async () => undefined);
  fail(new WaybillError("MISSING", "the inbox was removed"));
  await clock.flush();
  runner.deliver([received("a")]);
  await clock.flush();
  expect(runner.trouble).toMatchObject({ code: "MISSING" });
  expect(reports).toEqual(["lost MISSING"]);
});

test("a receiver that ends because its consumer closes is no trouble", async () => {
  const { clock, runner, reports, end } = await setUp(async () => undefined);
  await runner.close(0);
  end();
  await clock.flush();
  expect([runner.trouble, reports]).toEqual([undefined, []]);
});
