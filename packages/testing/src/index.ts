export { seededRandom } from "@waybill/core";
export type { Broker, BrokerKind, BrokerOptions, BrokerSource } from "./brokers/broker.ts";
export { brokerOrSkip } from "./brokers/broker-or-skip.ts";
export type { RedisOptions } from "./brokers/redis.ts";
export { type BrokerOptionsOf, NoBrokerError, startBroker } from "./brokers/start-broker.ts";
export { virtualClock, type VirtualClock } from "./virtual-clock.ts";
