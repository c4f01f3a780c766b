import { describe, expect, test } from "vitest";
import { inboxOf } from "../src/inbox.ts";
import { Postpone } from "../src/postpone.ts";
import { readNote } from "../src/note.ts";
import { Newer, Unreadable } from "../src/reader.ts";
import { retryPolicy } from "../src/retry.ts";
import type { Headers, Settlement } from "../src/seam.ts";
import { topic } from "../src/topic.ts";
import type { NewerPolicy } from "../src/verdict.ts";
import { conviction, failure, isSuspect } from "../src/verdict.ts";
import { delivery } from "./support.ts";
import { z } from "zod";

const inbox = inboxOf(topic("orders", { schema: z.any() }), "billing");
const context = {
  inbox,
  retry: retryPolicy({ maxAttempts: 3, delay: 50 }),
  newer: "dead-letter" as NewerPolicy,
  random: () => 0,
  clock: { now: () => 7_000 },
};

function noteOf(settlement: Settlement | undefined): Headers {
  return settlement !== undefined && "note" in settlement ? settlement.note : {};
}

describe("a failed handling", () => {
  test("is retried with a note of when it began", () => {
    const settlement = failure(delivery("a", { failures: 1 }), new Error("no"), context);
    expect(settlement).toMatchObject({ outcome: "retry", delayMs: 50, failed: true });
    expect(readNote(noteOf(settlement)).firstFailedAt).toBe(7_000);
  });

  test("of the last attempt is dead, and the note says everything", () => {
    const settlement = failure(delivery("a", { failures: 2 }), new Error("no"), context);
    expect(settlement.outcome).toBe("dead");
    expect(readNote(noteOf(settlement)).death).toMatchObject({
      reason: "exhausted",
      attempts: 3,
      deadAt: 7_000,
      source: "orders",
      group: "billing",
      error: { message: "no" },
    });
  });

  test("of what cannot be read is dead at once, and was no attempt", () => {
    const settlement = failure(delivery("a"), new Unreadable("invalid", "total: wrong"), context);
    expect(readNote(noteOf(settlement)).death).toMatchObject({ reason: "invalid", attempts: 0 });
  });
});

test("a postponed message comes again uncounted, also after its last attempt but one, with no note", () => {
  const settlement = failure(delivery("a", { failures: 2 }), new Postpone("1s"), context);
  expect(settlement).toMatchObject({ outcome: "retry", delayMs: 1_000, failed: false, note: {} });
});

describe("a version that only members ahead of this one know (VER-1)", () => {
  const newer = new Newer("unknown-version", "version 2");
  const patient = { ...context, newer: "wait" as const };

  test("is dead by default", () => {
    expect(failure(delivery("a"), newer, context).outcome).toBe("dead");
  });

  test("waits a minute where the subscription says so, and no attempt has failed", () => {
    const put = failure(delivery("a"), newer, patient);
    expect(put).toMatchObject({ outcome: "retry", delayMs: 60_000, failed: false, note: {} });
    expect(failure(delivery("a"), new Unreadable("unknown-version", "version 0"), patient).outcome).toBe("dead");
  });
});

describe("a message in the hands of members that died", () => {
  test.each([
    [undefined, 0, false, false],
    [1, 0, false, false],
    [3, 0, false, false],
    [4, 0, true, false],
    [4, 1, false, false],
    [10, 0, true, false],
    [11, 0, true, true],
    [16, 5, true, true],
    [15, 5, true, false],
  ])("delivered %s times with %d failures: suspect %s, convicted %s", (deliveries, failures, suspect, convicted) => {
    const message = delivery("a", { deliveries, failures });
    expect(isSuspect(message)).toBe(suspect);
    expect(conviction(message, context) !== undefined).toBe(convicted);
  });

  test("is buried as crashed, its own failures counted", () => {
    const settlement = conviction(delivery("a", { deliveries: 13, failures: 2 }), context);
    expect(readNote(noteOf(settlement)).death).toMatchObject({ reason: "crashed", attempts: 2 });
  });
});
