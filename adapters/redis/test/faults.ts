import type { Controls } from "@waybill/conformance";
import { faultProxy, type RedisOptions, startBroker } from "@waybill/testing";

/** Short leases, and little patience with links that do not answer, so that the suite need not wait long. */
export const options = { leaseMs: 800, connectTimeoutMs: 1_000, commandTimeoutMs: 2_000 };

/** Everything the suite can do to members, links and servers, which are started as these options say. */
export function controls(server: RedisOptions): Controls {
  return {
    processes: { module: "@waybill/redis" },
    link: (to) => faultProxy({ to }),
    broker: () => startBroker("redis", { sources: ["docker", "native"], ...server }),
  };
}
