export { seededRandom } from "@waybill/core";
export type { Broker, BrokerKind, BrokerOptions, BrokerSource } from "./brokers/broker.ts";
export { orSkip } from "./brokers/or-skip.ts";
export type { RedisOptions } from "./brokers/redis.ts";
export { type RedisCluster, type RedisClusterOptions, startRedisCluster } from "./brokers/redis-cluster.ts";
export { type BrokerOptionsOf, NoBrokerError, startBroker } from "./brokers/start-broker.ts";
export { virtualClock, type VirtualClock } from "./virtual-clock.ts";
