import { type Broker, orSkip, startBroker } from "@waybill/testing";
import { describe } from "vitest";

/** Starts a private Redis of this machine, of the tests' own making. */
export function startServer(...args: readonly string[]): Promise<Broker> {
  return startBroker("redis", { sources: ["native"], args });
}

const probe = await orSkip(startServer());
await probe?.stop();

/** What needs a Redis on this machine; without one it is skipped, or with CI=true fails. */
export const describeRedis = probe === undefined ? describe.skip : describe;
