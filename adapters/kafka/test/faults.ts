import type { Controls } from "@waybill/conformance";
import { faultProxy, startBroker } from "@waybill/testing";

/** Short leases and few partitions, so that the suite need not wait long. */
export const options = {
  // What fails is the way through a proxy, not the one that the broker advertises.
  tunnel: true,
  leaseMs: 2_000,
  sweepMs: 2_000,
  partitions: 4,
  commitMs: 50,
  waitMs: 250,
  handoverMs: 10_000,
  requestTimeoutMs: 4_000,
  connectTimeoutMs: 2_000,
};

/** Everything the suite can do to members, links and servers. */
export const controls: Controls = {
  processes: { module: "@waybill/kafka" },
  link: (to) => faultProxy({ to }),
  broker: () => startBroker("kafka"),
};
