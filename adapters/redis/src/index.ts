export { type RedisStore, redisStore, type RedisStoreOptions } from "./idempotency-store.ts";
