import { conformance, mutants } from "@waybill/conformance";
import { adapter } from "@waybill/redis";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, test } from "vitest";

const broker = await orSkip(startBroker("redis"));
if (broker !== undefined) {
  afterAll(() => broker.stop());
  const controls = { processes: { module: "@waybill/redis" } };
  const suite = { runner: { describe, test }, adapter, url: () => broker.url, options: { leaseMs: 800 }, controls };
  await conformance({ ...suite, report: new URL("../conformance.json", import.meta.url) });
  await mutants(suite);
}
