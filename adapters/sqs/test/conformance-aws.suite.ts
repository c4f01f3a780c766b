import process from "node:process";
import { conformance } from "@waybill/conformance";
import { adapter } from "@waybill/sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { controls, options } from "./faults.ts";
import { leftoverTag, removeLeftovers } from "./leftovers.ts";

const url = process.env["WAYBILL_TEST_SQS_URL"] ?? "";
test.skipIf(url === "")("there is an account to run in", () => expect(url).toMatch(/^sqs:/));
if (url !== "") {
  const settings = { ...options, leaseMs: 10_000, requestTimeoutMs: 10_000, tags: { [leftoverTag]: "conformance" } };
  // Also of runs that broke off.
  beforeAll(() => removeLeftovers(url), 600_000);
  afterAll(() => removeLeftovers(url), 600_000);
  // There is no link before it that could fail, and nobody kills it.
  const { processes } = controls;
  await conformance({
    runner: { describe, test },
    adapter,
    url: () => url,
    options: settings,
    controls: { processes },
  });
}
