import { mutants } from "@waybill/conformance";
import { adapter } from "@waybill/kafka";
import { startBroker } from "@waybill/testing";
import { afterAll, describe, test } from "vitest";
import { controls, options } from "./faults.ts";

const broker = await startBroker("kafka");
afterAll(() => broker.stop());
const suite = { runner: { describe, test }, adapter, url: () => broker.url, options, controls };
// To join a group, and to hand over when another one joins, takes seconds.
await mutants({ ...suite, patienceMs: 5_000, control: true });
