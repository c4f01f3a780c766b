import { expect, test } from "vitest";
import type { WorkOptions } from "../src/subscribe-options.ts";
import { tuning } from "../src/subscribe-options.ts";
import { caught, manifest } from "./support.ts";

test("without options: 10 handlers, 5 attempts, no timeout, 64 MiB", () => {
  const tuned = tuning({}, manifest());
  expect(tuned).toMatchObject({ concurrency: 10, timeout: Infinity, maxHeldBytes: 2 ** 26 });
  expect(tuned.retry.maxAttempts).toBe(5);
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
])("%j is refused", (options) => {
  expect(() => tuning(options, manifest())).toThrow(TypeError);
});

test("a timeout beyond what the carrier holds is refused", async () => {
  expect(tuning({ timeout: "30m" }, manifest({ maxHold: 1_800_000 })).timeout).toBe(1_800_000);
  const error = await caught(() => tuning({ timeout: "31m" }, manifest({ maxHold: 1_800_000 })));
  expect(error).toMatchObject({ code: "UNSUPPORTED" });
});
