import { jitteredBackoff, systemClock, type Transport } from "@waybill/core";
import { adapter } from "@waybill/sqlite";

/** A connection to a file as core has one, without core. */
export function openFile(url: string): Promise<Transport> {
  return adapter.connect(new URL(url), {
    namespace: "waybill",
    topology: "create",
    options: undefined,
    clock: systemClock,
    random: Math.random,
    backoff: jitteredBackoff(Math.random),
    report: () => undefined,
  });
}
