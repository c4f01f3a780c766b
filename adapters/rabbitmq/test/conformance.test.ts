import { conformance } from "@waybill/conformance";
import { adapter } from "@waybill/rabbitmq";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { controls, options } from "./faults.ts";

const broker = await orSkip(startBroker("rabbitmq"));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
if (broker !== undefined) {
  afterAll(() => broker.stop());
  await conformance({
    runner: { describe, test },
    adapter,
    url: () => broker.url,
    options,
    controls: controls({}),
    report: new URL("../conformance.json", import.meta.url),
  });
}
