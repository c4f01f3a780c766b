import type { Controls } from "@waybill/conformance";
import { faultProxy, startBroker } from "@waybill/testing";

/** Leases and polls that end soon, and little patience with links that do not answer, so that the suite need not wait long. */
export const options = { leaseMs: 3_000, waitMs: 1_000, sweepMs: 6_000, requestTimeoutMs: 4_000 };

/** Everything the suite can do to members, links and servers; those that are killed are the kind that keeps its messages. */
export const controls: Controls = {
  processes: { module: "@waybill/sqs" },
  link: (to) => faultProxy({ to }),
  broker: () => startBroker("sqs", { server: "elasticmq", sources: ["docker", "native"] }),
};
