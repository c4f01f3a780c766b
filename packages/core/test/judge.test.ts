import { expect, test } from "vitest";
import { z } from "zod";
import type { WaybillError } from "../src/errors.ts";
import { inboxOf } from "../src/inbox.ts";
import type { JudgeOptions } from "../src/judge.ts";
import { Judge } from "../src/judge.ts";
import { queue } from "../src/queue.ts";
import { checkExpiry } from "../src/reader.ts";
import { retryPolicy } from "../src/retry.ts";
import { delivery } from "./support.ts";

function setUp(over: Partial<JudgeOptions> = {}) {
  const dropped: WaybillError[] = [];
  const judge = new Judge({
    inbox: inboxOf(queue("jobs", { schema: z.any() }), undefined),
    newer: "dead-letter",
    retry: retryPolicy({ delay: 5_000 }),
    random: () => 0,
    clock: { now: () => 100 },
    maxDelay: Infinity,
    once: false,
    dropped: (error) => dropped.push(error),
    ...over,
  });
  return { judge, dropped };
}

function thrownBy(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

const decoded = { id: "1", expiresAt: 100 } as Parameters<typeof checkExpiry>[0];

test("what has expired is let go and told (TTL-1)", () => {
  const { judge, dropped } = setUp();
  const expired = thrownBy(() => checkExpiry(decoded, 100));
  expect(judge.failed(delivery("1"), expired)).toMatchObject({ outcome: "ack", sends: [] });
  expect(dropped.map(({ code }) => code)).toEqual(["EXPIRED"]);
  expect(dropped[0]?.message).toContain("1970-01-01T00:00:00.100Z");
  expect(() => checkExpiry(decoded, 99)).not.toThrow();
});

test("what is delivered at most once is neither retried nor given back, and told (ACK-6)", () => {
  const { judge, dropped } = setUp({ once: true });
  expect(judge.failed(delivery("1"), new Error("broken"))).toMatchObject({ outcome: "ack" });
  expect(judge.released(delivery("2"))).toMatchObject({ outcome: "ack" });
  expect(dropped.map(({ code }) => code)).toEqual(["DROPPED", "DROPPED"]);
  expect(dropped.map(({ message }) => message).join(" ")).toMatch(/^broken .*message 2/);
});

test("everything else is retried, within what the carrier can, or given back", () => {
  const { judge, dropped } = setUp({ maxDelay: 900 });
  expect(judge.failed(delivery("1"), new Error("broken"))).toMatchObject({ outcome: "retry", delayMs: 900 });
  expect(judge.released(delivery("2"))).toEqual({ delivery: delivery("2"), outcome: "release" });
  expect(judge.untouched(delivery("3"))).toBeUndefined();
  expect(judge.untouched(delivery("4", { headers: { "waybill-due": "300" } }))).toMatchObject({ delayMs: 200 });
  expect(dropped).toEqual([]);
});
