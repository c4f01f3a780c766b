import { conformance } from "@waybill/conformance";
import { adapter } from "@waybill/kafka";
import { startBroker } from "@waybill/testing";
import { afterAll, describe, test } from "vitest";
import { controls, options } from "./faults.ts";

const broker = await startBroker("kafka");
afterAll(() => broker.stop());
const suite = { runner: { describe, test }, adapter, url: () => broker.url, controls };
await conformance({ ...suite, options: { ...options, transactions: true } });
