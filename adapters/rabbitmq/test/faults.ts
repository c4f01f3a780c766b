import type { Controls } from "@waybill/conformance";
import { faultProxy, type RabbitmqOptions, startBroker } from "@waybill/testing";

/** The shortest heartbeats that AMQP has, and little patience with who does not answer, so that the suite need not wait long. */
export const options = { heartbeatMs: 1_000, connectTimeoutMs: 2_000, commandTimeoutMs: 10_000, sweepMs: 12_000 };

/** Everything the suite can do to members, links and servers, which are started as these options say. */
export function controls(server: RabbitmqOptions): Controls {
  return {
    processes: { module: "@waybill/rabbitmq" },
    link: (to) => faultProxy({ to }),
    broker: () => startBroker("rabbitmq", { sources: ["docker", "native"], ...server }),
  };
}
