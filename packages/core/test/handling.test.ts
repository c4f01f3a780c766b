import type { Message } from "@waybill/core";
import { connect, PermanentError, Postpone, queue } from "@waybill/core";
import type { DeadLetter, WorkOptions } from "@waybill/core";
import { memory } from "@waybill/memory";
import { seededRandom, virtualClock } from "@waybill/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const jobs = queue("jobs", { schema: z.object({ n: z.number() }) });
const mails = queue("mails", { schema: z.string() });
let brokers = 0;

/** A bus whose one worker handles one message with `handler`. */
async function handling(handler: (message: Message<{ n: number }>) => unknown, options: WorkOptions = {}) {
  const clock = virtualClock();
  const bus = await connect(`memory:handling-test-${(brokers += 1)}`, {
    clock,
    random: seededRandom(1),
    adapters: [memory],
  });
  await bus.work(jobs, { retry: { maxAttempts: 2, delay: 1_000 }, ...options }, handler);
  await bus.send(jobs, { n: 1 });
  await clock.flush();
  const letters = async (): Promise<readonly DeadLetter[]> => {
    const all: DeadLetter[] = [];
    for await (const letter of bus.inbox(jobs).deadLetters.list()) all.push(letter);
    return all;
  };
  return { bus, clock, letters };
}

test("a handler that never returns fails its attempt at the timeout, its signal fired", async () => {
  const attempts: { attempt: number; signal: AbortSignal }[] = [];
  const { bus, clock, letters } = await handling(
    ({ attempt, signal }) => {
      attempts.push({ attempt, signal });
      return new Promise(() => undefined);
    },
    { timeout: "10s" },
  );
  await clock.advance(9_999);
  expect(attempts.map(({ signal }) => signal.aborted)).toEqual([false]);
  await clock.advance(1);
  expect(attempts[0]?.signal.reason).toMatchObject({ code: "TIMEOUT" });
  await clock.advance(1_000);
  expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2]);
  await clock.advance(10_000);
  expect(await letters()).toMatchObject([{ reason: "exhausted", attempts: 2, error: { code: "TIMEOUT" } }]);
  await bus.close();
  expect(clock.pending).toBe(0);
});

test("its late answer changes nothing", async () => {
  const answers: ((how: "ok" | "fail") => void)[] = [];
  const { bus, clock, letters } = await handling(
    () =>
      new Promise<void>((resolve, reject) => {
        answers.push((how) => (how === "ok" ? resolve() : reject(new Error("late"))));
      }),
    { timeout: 10, retry: { maxAttempts: 3, delay: 10 } },
  );
  await clock.advance(20);
  answers[0]?.("ok");
  await clock.advance(20);
  answers[1]?.("fail");
  await clock.advance(100);
  expect(answers).toHaveLength(3);
  expect(await letters()).toMatchObject([{ attempts: 3, error: { code: "TIMEOUT" } }]);
  await bus.close();
});

describe("whatever a handler throws fails its attempt and is told, and nothing crashes", () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const throwing = Object.defineProperty(new Error("x"), "message", {
    get: () => {
      throw new Error("a getter");
    },
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a string", "text"],
    ["a symbol", Symbol("s")],
    ["a revoked proxy", revoked.proxy],
    ["an error whose message throws", throwing],
    ["an error of a megabyte", new Error("x".repeat(1_000_000))],
    ["an object without a prototype", Object.create(null)],
  ])("%s", async (_, thrown) => {
    for (const how of ["at once", "later"]) {
      const { bus, clock, letters } = await handling(async () => {
        if (how === "later") await Promise.resolve();
        throw thrown;
      });
      await clock.advance(1_000);
      expect(await letters()).toMatchObject([{ reason: "exhausted", attempts: 2 }]);
      await bus.close();
    }
  });

  test("also where it throws without a promise", async () => {
    const { bus, clock, letters } = await handling(() => {
      throw new Error("at once");
    });
    await clock.advance(1_000);
    expect(await letters()).toMatchObject([{ attempts: 2, error: { message: "at once" } }]);
    await bus.close();
  });
});

describe("the user's own functions", () => {
  test("a permanent predicate and a delay that throw make neither a crash nor a hot loop", async () => {
    let attempts = 0;
    const broken = (): never => {
      throw new Error("broken");
    };
    const { bus, clock } = await handling(
      () => {
        attempts += 1;
        throw new Error("no");
      },
      { retry: { maxAttempts: 5, permanent: broken, delay: broken } },
    );
    expect(attempts).toBe(1);
    await clock.advance(700);
    expect(attempts).toBe(1);
    await clock.advance(300);
    expect(attempts).toBe(2);
    await bus.close();
  });

  test("a permanent error goes straight to the dead letters", async () => {
    const { bus, letters } = await handling(() => {
      throw new PermanentError("no such customer");
    });
    expect(await letters()).toMatchObject([{ reason: "permanent", attempts: 1, error: { name: "PermanentError" } }]);
    await bus.close();
  });
});

describe("what a handler sends", () => {
  test("without looking at the result fails its attempt where it cannot be sent, and is no unhandled rejection", async () => {
    const { bus, clock, letters } = await handling(({ send }) => {
      void send(mails, 5 as unknown as string);
    });
    await clock.advance(1_000);
    expect(await letters()).toMatchObject([{ attempts: 2, error: { code: "INVALID_DATA" } }]);
    await bus.close();
  });

  test("after it has ended is refused", async () => {
    let kept: Message<unknown> | undefined;
    const { bus } = await handling((message) => {
      kept = message;
    });
    await expect(kept?.send(mails, "late")).rejects.toMatchObject({ code: "CLOSED" });
    expect(await bus.inbox(mails).stats()).toMatchObject({ ready: 0 });
    await bus.close();
  });
});

test("a handler that postpones gets its message again, uncounted, and what it has sent does not leave", async () => {
  const attempts: number[] = [];
  const { bus, clock, letters } = await handling(async ({ attempt, send }) => {
    attempts.push(attempt);
    await send(mails, "once");
    if (attempts.length < 4) throw new Postpone("1s");
  });
  await clock.advance(999);
  expect(attempts).toEqual([1]);
  await clock.advance(10_000);
  expect(attempts).toEqual([1, 1, 1, 1]);
  expect([await letters(), await bus.inbox(mails).stats()]).toMatchObject([[], { ready: 1 }]);
  await bus.close();
});

describe("middleware", () => {
  const open = () => connect(`memory:handling-test-${(brokers += 1)}`, { clock: virtualClock(), adapters: [memory] });

  test("comes before the first publish", async () => {
    const bus = await open();
    await bus.send(mails, "a");
    expect(() => bus.use({ name: "late" })).toThrow(TypeError);
    await bus.close();
  });

  test("that does not pass a message on is told so, and one that throws stops it", async () => {
    const bus = await open();
    let how: "stop" | "throw" | "pass" = "stop";
    bus.use({
      name: "gate",
      publish: (next) => async (outgoing) => {
        if (how === "throw") throw new Error("not today");
        if (how === "pass") await next(outgoing);
      },
    });
    await expect(bus.send(mails, "a")).rejects.toMatchObject({ code: "ABORTED" });
    how = "throw";
    await expect(bus.send(mails, "a")).rejects.toThrow("not today");
    how = "pass";
    await bus.send(mails, "a");
    expect(await bus.inbox(mails).stats()).toMatchObject({ ready: 1 });
    await bus.close();
  });

  test("may set headers, which are checked like the user's", async () => {
    const bus = await open();
    let name = "trace";
    bus.use({
      name: "trace",
      publish: (next) => (outgoing) => {
        outgoing.headers = { ...outgoing.headers, [name]: "1" };
        return next(outgoing);
      },
    });
    expect(await bus.send(mails, "a", { headers: { own: "x" } })).toMatchObject({ headers: { own: "x", trace: "1" } });
    name = "ce_id";
    await expect(bus.send(mails, "a")).rejects.toMatchObject({ code: "INVALID_DATA" });
    await bus.close();
  });
});

describe("a version that only an upgraded member knows", () => {
  const [v1, v2] = [z.object({ name: z.string() }), z.object({ first: z.string(), last: z.string() })];
  const layout = { key: () => "k", ordered: true } as const;
  const before = queue("people", { versions: { 1: v1 }, ...layout });
  const after = queue("people", {
    versions: { 1: v1, 2: v2 },
    upcast: { 1: ({ name }) => ({ first: name.split(" ")[0] ?? "", last: name.split(" ")[1] ?? "" }) },
    ...layout,
  });
  const open = async () => {
    const clock = virtualClock();
    const url = `memory:handling-test-${(brokers += 1)}`;
    return { clock, bus: await connect(url, { clock, adapters: [memory] }), url };
  };

  test("waits for it, a minute at a time, counting no failure, and its key with it", async () => {
    const { clock, bus, url } = await open();
    const upgraded = await connect(url, { clock, adapters: [memory] });
    const consumer = await bus.work(before, { newer: "wait" }, () => expect.unreachable());
    await upgraded.send(after, { first: "Ada", last: "Lovelace" });
    await bus.send(before, { name: "Alan Turing" });
    for (let minute = 0; minute < 20; minute += 1) {
      await clock.advance(60_000);
      expect(await bus.inbox(before).stats()).toMatchObject({ delayed: 1, ready: 1, dead: 0 });
    }
    await consumer.close();
    const seen: unknown[] = [];
    await upgraded.work(after, {}, ({ data, attempt, version }) => void seen.push([data.last, attempt, version]));
    await clock.advance(59_999);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual([
      ["Lovelace", 1, 2],
      ["Turing", 1, 1],
    ]);
    await Promise.all([bus.close(), upgraded.close()]);
    expect(clock.pending).toBe(0);
  });

  test("is dead otherwise, and handled when it is redriven to one", async () => {
    const { clock, bus } = await open();
    const consumer = await bus.work(before, {}, () => expect.unreachable());
    await bus.send(after, { first: "Ada", last: "Lovelace" });
    await clock.flush();
    await consumer.close();
    const { deadLetters } = bus.inbox(after);
    for await (const letter of deadLetters.list()) {
      expect(letter).toMatchObject({ reason: "unknown-version", data: { first: "Ada" }, attempts: 0 });
    }
    const seen: string[] = [];
    await bus.work(after, {}, ({ data }) => void seen.push(data.last));
    expect(await deadLetters.redrive("all")).toBe(1);
    await clock.flush();
    expect(seen).toEqual(["Lovelace"]);
    await bus.close();
  });
});

test("a message sent with a delay is handled when it is due, as the virtual clock's README shows", async () => {
  const clock = virtualClock();
  const bus = await connect(`memory:handling-test-${(brokers += 1)}`, { clock, adapters: [memory] });
  const handled: string[] = [];
  await bus.work(mails, {}, ({ data }) => void handled.push(data));
  await bus.send(mails, "remember", { delay: "2h" });
  await clock.advance(2 * 3_600_000 - 1);
  expect(handled).toEqual([]);
  await clock.advance(1);
  expect(handled).toEqual(["remember"]);
  await bus.close();
  expect(clock.pending).toBe(0);
});
