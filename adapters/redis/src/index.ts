export { type RedisStore, redisStore, type RedisStoreOptions } from "./idempotency-store.ts";
export { redis, redis as adapter } from "./redis.ts";
