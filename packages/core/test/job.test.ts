import { connect, Postpone, queue, WaybillError } from "@waybill/core";
import type { Envelope, Handle, Message, Sent, WorkOptions } from "@waybill/core";
import { memory } from "@waybill/memory";
import { virtualClock } from "@waybill/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const jobs = queue("jobs", { schema: z.object({ n: z.number() }) });
const mails = queue("mails", { schema: z.string() });
let buses = 0;

describe("what a middleware is given", () => {
  /** A bus with one middleware, whose one worker handles one message. */
  async function through(
    handle: (next: Handle) => Handle,
    handler: (message: Message<unknown>) => unknown,
    options?: WorkOptions,
  ) {
    const clock = virtualClock();
    const bus = await connect(`memory:job-test-${(buses += 1)}`, { clock, adapters: [memory] });
    bus.use({ name: "tested", handle });
    await bus.work(jobs, options ?? {}, handler);
    await bus.send(jobs, { n: 1 });
    await clock.flush();
    return { bus, clock };
  }

  test("is the group, the inbox, and what the handler returned", async () => {
    const seen: unknown[] = [];
    const handler = ({ group }: Message<unknown>): string => `handled for ${group}`;
    const { bus, clock } = await through(
      (next) => async (message) => {
        seen.push(message.inbox.source, await next(message));
      },
      handler,
    );
    await clock.flush();
    expect(seen).toEqual(["jobs", "handled for jobs"]);
    await bus.close();
  });

  test.each([
    ["sooner than", 10, 5, 5],
    ["later than", 10, 20, 10],
    ["without", undefined, 20, 20],
  ])("limits the time %s the subscription", async (_, timeout, limit, expected) => {
    const reasons: string[] = [];
    const { bus, clock } = await through(
      () => (message) => {
        message.onAbort((reason) => reasons.push(reason.message));
        message.limit(limit);
        return new Promise(() => undefined);
      },
      () => undefined,
      { timeout, retry: { maxAttempts: 2, delay: "1h" } },
    );
    await clock.advance(expected - 1);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    expect(reasons).toEqual([expect.stringMatching(`took over ${expected} ms`)]);
    await bus.close();
  });

  test("tells what the handler has sent, and sends it again for another handling", async () => {
    let kept: readonly Sent[] = [];
    const { bus, clock } = await through(
      (next) => async (message) => {
        if (message.type !== "jobs") return next(message);
        if (kept.length > 0) return message.adopt(kept);
        await next(message);
        kept = (await message.effects()) ?? [];
        throw new Postpone("1s");
      },
      ({ send }) => send(mails, "hello"),
    );
    const seen: Envelope[] = [];
    await bus.work(mails, {}, (message) => void seen.push(message));
    await clock.advance(1_000);
    expect(seen.map(({ id }) => id)).toEqual([kept[0]?.[1].id]);
    await bus.close();
  });

  test("fires the signal and tells it, also to who asks later", async () => {
    const told: string[] = [];
    const { bus, clock } = await through(
      (next) => (message) => {
        message.onAbort(({ code }) => told.push(`before ${code}`));
        message.abort(new WaybillError("LEASE_LOST", "the claim is gone"));
        message.onAbort(({ code }) => told.push(`after ${code}`));
        return next(message);
      },
      ({ signal }) => void told.push(`handler ${String(signal.aborted)}`),
    );
    await clock.flush();
    expect(told).toEqual(["before LEASE_LOST", "after LEASE_LOST", "handler true"]);
    await bus.close();
  });
});

test("what a handler sends after it has returned and before the ack is refused, not lost", async () => {
  const clock = virtualClock();
  const bus = await connect("memory:job-test-late", { clock, adapters: [memory] });
  let late: Promise<unknown> | undefined;
  const pause = Promise.resolve();
  await bus.work(jobs, {}, ({ send }) => {
    void send(mails, "in time");
    late = pause.then(() => pause).then(() => send(mails, "late"));
    late.catch(() => undefined);
  });
  await bus.send(jobs, { n: 0 });
  await clock.flush();
  await expect(late).rejects.toMatchObject({ code: "CLOSED" });
  expect(await bus.inbox(mails).stats()).toMatchObject({ ready: 1 });
  await bus.close();
});
