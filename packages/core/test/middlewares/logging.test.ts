import type { Logger, LoggingOptions, Message } from "@waybill/core";
import { connect, logging, Postpone, queue, timeout } from "@waybill/core";
import { memory } from "@waybill/memory";
import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import { z } from "zod";

const jobs = queue("jobs", { schema: z.string() });
const mails = queue("mails", { schema: z.string() });
let buses = 0;

type Line = Readonly<Record<string, unknown>>;

/** A logger that keeps its lines. */
function keeping(): { readonly logger: Logger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: string) => (fields: Line, message: string) => void lines.push({ level, message, ...fields });
  return { logger: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }, lines };
}

/** The lines of two attempts at most to handle one message that has secrets. */
async function linesOf(handler: (message: Message<string>) => unknown, options?: LoggingOptions) {
  const { logger, lines } = keeping();
  const clock = virtualClock();
  const bus = await connect(`memory:logging-test-${(buses += 1)}`, { clock, adapters: [memory] });
  bus.use(logging(logger, { now: clock.now, ...options })).use(timeout("5s"));
  await bus.work(jobs, { retry: { maxAttempts: 2, delay: "1s" } }, handler);
  const sent = { id: "m-1", correlationId: "c-1", headers: { authorization: "Bearer s3cret" } };
  await bus.send(jobs, "s3cret data", sent);
  await clock.advance(20_000);
  const closing = bus.close({ grace: 0 });
  await clock.advance(0);
  await closing;
  expect(JSON.stringify(lines)).not.toContain("s3cret");
  return lines;
}

const known = { id: "m-1", type: "jobs", group: "jobs", correlationId: "c-1" };

test("a handling that succeeds is one line, with how long it took", async () => {
  let time = 0;
  const lines = await linesOf(() => undefined, { now: () => (time += 12.345) });
  expect(lines).toEqual([{ level: "info", message: "message handled", ...known, attempt: 1, durationMs: 12.3 }]);
});

test("each failed attempt is one, with its error, credentials cut out of URLs", async () => {
  const lines = await linesOf(() => {
    throw new Error("cannot reach amqp://guest:s3cret@broker:5672/x or redis://:s3cret@cache");
  });
  const message = "cannot reach amqp://***@broker:5672/x or redis://***@cache";
  expect(lines).toMatchObject([
    { level: "warn", message: "handling failed", ...known, attempt: 1, error: { name: "Error", message } },
    { level: "warn", message: "handling failed", ...known, attempt: 2, error: { name: "Error", message } },
  ]);
});

test("so is one that has sent what cannot leave", async () => {
  const lines = await linesOf(({ send }) => void send(mails, 5 as unknown as string));
  expect(lines).toMatchObject([
    { message: "handling failed", attempt: 1, error: { code: "INVALID_DATA" } },
    { message: "handling failed", attempt: 2 },
  ]);
});

test("one past its time is failed, when that is over, and its late end is no line", async () => {
  const ends: (() => void)[] = [];
  const lines = await linesOf(({ attempt }) => {
    if (attempt === 2) ends[0]?.();
    return new Promise<void>((resolve) => ends.push(resolve));
  });
  expect(lines).toMatchObject([
    { message: "handling failed", attempt: 1, durationMs: 5_000, error: { code: "TIMEOUT" } },
    { message: "handling failed", attempt: 2, durationMs: 5_000, error: { code: "TIMEOUT" } },
  ]);
});

test("one that is postponed and one that is cut short are told as such", async () => {
  let handlings = 0;
  const lines = await linesOf(() => {
    handlings += 1;
    if (handlings === 1) throw new Postpone("16s", "shop closed");
    return new Promise(() => undefined);
  });
  expect(lines).toMatchObject([
    { level: "debug", message: "handling postponed", attempt: 1, error: { message: "shop closed" } },
    { level: "warn", message: "handling interrupted", attempt: 1, error: { code: "CLOSED" } },
  ]);
});

test("a publish that fails is a line without its data", async () => {
  const { logger, lines } = keeping();
  const bus = await connect(`memory:logging-test-${(buses += 1)}`, { adapters: [memory] });
  bus.use(logging(logger));
  await bus.send(jobs, "fine");
  await expect(bus.send(jobs, 5 as unknown as string)).rejects.toMatchObject({ code: "INVALID_DATA" });
  expect(lines).toMatchObject([
    { level: "error", message: "publish failed", type: "jobs", error: { code: "INVALID_DATA" } },
  ]);
  await bus.close();
});

test("levels can be chosen, and an outcome silenced", async () => {
  const options = { levels: { failed: "error", postponed: "silent" } } as const;
  const lines = await linesOf(({ attempt }) => {
    if (attempt === 2) throw new Postpone("1h");
    throw new Error("no");
  }, options);
  expect(lines).toMatchObject([{ level: "error", message: "handling failed" }]);
});

test.each(["throws", "rejects"])("a logger that %s harms nothing", async (how) => {
  const broken = (): unknown => {
    if (how === "throws") throw new Error("disk full");
    return Promise.reject(new Error("disk full"));
  };
  const clock = virtualClock();
  const bus = await connect(`memory:logging-test-${(buses += 1)}`, { clock, adapters: [memory] });
  bus.use(logging({ debug: broken, info: broken, warn: broken, error: broken }));
  let attempts = 0;
  await bus.work(jobs, { retry: { delay: "1s" } }, () => {
    attempts += 1;
    if (attempts === 1) throw new Error("no");
  });
  await bus.send(jobs, "a");
  await clock.advance(60_000);
  expect([attempts, await bus.inbox(jobs).stats()]).toMatchObject([2, { ready: 0, delayed: 0, dead: 0 }]);
  await bus.close();
});
