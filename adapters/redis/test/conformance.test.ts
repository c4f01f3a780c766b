import { conformance, mutants } from "@waybill/conformance";
import { adapter } from "@waybill/redis";
import { faultProxy, orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, test } from "vitest";

const broker = await orSkip(startBroker("redis"));
if (broker !== undefined) {
  afterAll(() => broker.stop());
  const faults = { link: (to: string) => faultProxy({ to }), broker: () => startBroker("redis") };
  const controls = { processes: { module: "@waybill/redis" }, ...faults };
  const suite = { runner: { describe, test }, adapter, url: () => broker.url, options: { leaseMs: 800 }, controls };
  await conformance({ ...suite, report: new URL("../conformance.json", import.meta.url) });
  await mutants(suite);
}
