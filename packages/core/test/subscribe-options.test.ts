import { describe, expect, test } from "vitest";
import type { Inbox } from "../src/seam.ts";
import type { WorkOptions } from "../src/subscribe-options.ts";
import { overridden, tuning } from "../src/subscribe-options.ts";
import { caught, manifest } from "./support.ts";

test("without options: 10 handlers, 5 attempts, no timeout, 64 MiB", () => {
  const tuned = tuning({}, manifest());
  expect(tuned).toMatchObject({ concurrency: 10, timeout: Infinity, maxHeldBytes: 2 ** 26 });
  expect(tuned.retry.maxAttempts).toBe(5);
  expect(tuned.newer).toBe("dead-letter");
});

test.each<WorkOptions>([
  { concurrency: 0 },
  { concurrency: -1 },
  { concurrency: 1.5 },
  { concurrency: Number.NaN },
  { concurrency: Infinity },
  { concurrency: "5" as unknown as number },
  { timeout: 0 },
  { timeout: -1 },
  { timeout: Number.NaN },
  { timeout: "1 minute" as "1m" },
  { maxHeldBytes: 0 },
  { retry: { maxAttempts: 0 } },
  { retry: { delay: -1 } },
  { newer: "drop" as "wait" },
  { newer: "wait", delivery: "at-most-once" },
])("%j is refused", (options) => {
  expect(() => tuning(options, manifest())).toThrow(TypeError);
});

test("a timeout beyond what the carrier holds is refused", async () => {
  expect(tuning({ timeout: "30m" }, manifest({ maxHold: 1_800_000 })).timeout).toBe(1_800_000);
  const error = await caught(() => tuning({ timeout: "31m" }, manifest({ maxHold: 1_800_000 })));
  expect(error).toMatchObject({ code: "UNSUPPORTED" });
});

describe("what the configuration says of an inbox", () => {
  const inbox = (source: string, group: string, kind: "topic" | "queue" = "topic"): Inbox => {
    const shape = { kind, ordered: false, priorities: 1, retainMs: 0 };
    return { source, group, shape, ordered: false, ephemeral: false };
  };
  const tunables = {
    "order.placed/billing": { concurrency: 2, timeout: undefined, retry: { maxAttempts: 9, delay: undefined } },
    "email.send": { concurrency: 3 },
  };

  test("goes before what the code says, and leaves the rest of it, the functions too", () => {
    const permanent = (): boolean => true;
    const options: WorkOptions = { concurrency: 20, timeout: "5s", retry: { maxAttempts: 3, delay: "2s", permanent } };
    expect(overridden(options, tunables, inbox("order.placed", "billing"))).toEqual({
      concurrency: 2,
      timeout: "5s",
      retry: { maxAttempts: 9, delay: "2s", permanent },
    });
  });

  test("a queue is meant by its name alone", () => {
    expect(overridden({}, tunables, inbox("email.send", "email.send", "queue")).concurrency).toBe(3);
    expect(overridden({}, tunables, inbox("email.send", "email.send"))).toEqual({});
  });

  test.each([
    ["order.placed", "shipping"],
    ["order", "placed/billing"],
    ["to", "String"],
  ])("of another group it says nothing: %s, %s", (source, group) => {
    const options: WorkOptions = { concurrency: 20 };
    expect(overridden(options, tunables, inbox(source, group))).toBe(options);
  });
});
