import { conformance } from "@waybill/conformance";
import { adapter } from "@waybill/sqs";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { controls, options } from "./faults.ts";

/*
 * Queues and FIFO alone, since it has no SNS. What is killed and started again is a server of the case's own, which keeps its messages;
 * the one for all other cases need not.
 */
const broker = await orSkip(startBroker("sqs", { server: "elasticmq", keeps: false, sources: ["docker", "native"] }));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
if (broker !== undefined) {
  afterAll(() => broker.stop());
  await conformance({ runner: { describe, test }, adapter, url: () => broker.url, options, controls });
}
