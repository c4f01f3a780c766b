import { mutants } from "@waybill/conformance";
import { adapter } from "@waybill/kafka";
import { startBroker } from "@waybill/testing";
import { afterAll, describe, test } from "vitest";
import { controls, options } from "./faults.ts";

const broker = await startBroker("kafka");
afterAll(() => broker.stop());
await mutants({ runner: { describe, test }, adapter, url: () => broker.url, options, controls });
