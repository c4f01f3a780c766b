import { conformance, mutants } from "@waybill/conformance";
import type { Transport } from "@waybill/core";
import { adapter, type MemoryTransport } from "@waybill/memory";
import { describe, test } from "vitest";

const control = (act: "crash" | "freeze" | "thaw") => (transport: Transport) => (transport as MemoryTransport)[act]();
const controls = { crash: control("crash"), freeze: control("freeze"), thaw: control("thaw") };
const url = (): string => "memory:conformance";
const suite = { runner: { describe, test }, adapter, url, options: { leaseMs: 150 }, controls };

await conformance({ ...suite, report: new URL("../conformance.json", import.meta.url) });
await mutants(suite);
