import { readFileSync } from "node:fs";
import { conformance, type Waiver } from "@waybill/conformance";
import { adapter } from "@waybill/sqs";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { controls, options } from "./faults.ts";

const { devDependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  readonly devDependencies: { readonly fauxqs: string };
};
const waivers: readonly Waiver[] = [
  {
    case: "LIF-4/delayed",
    reason: `fauxqs ${devDependencies.fauxqs} counts what is due as delayed until somebody receives; ElasticMQ shows it`,
  },
];

const broker = await orSkip(startBroker("sqs", { server: "fauxqs", keeps: false, sources: ["native"] }));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
if (broker !== undefined) {
  afterAll(() => broker.stop());
  // What is killed is ElasticMQ, which has no topics.
  const { broker: _, ...rest } = controls;
  // It is fast enough for the lease that is short enough for all cases.
  const short = { ...options, leaseMs: 2_000 };
  await conformance({
    runner: { describe, test },
    adapter,
    url: () => broker.url,
    options: short,
    controls: rest,
    waivers,
    report: new URL("../conformance.json", import.meta.url),
  });
}
