import { conformance } from "@waybill/conformance";
import { adapter } from "@waybill/kafka";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { controls, options } from "./faults.ts";

const broker = await orSkip(startBroker("kafka"));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
if (broker !== undefined) {
  afterAll(() => broker.stop());
  await conformance({
    runner: { describe, test },
    adapter,
    url: () => broker.url,
    options,
    controls,
    report: new URL("../conformance.json", import.meta.url),
  });
}
