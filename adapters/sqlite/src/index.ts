export { type SqliteStore, sqliteStore, type SqliteStoreOptions } from "./idempotency-store.ts";
export { sqlite, sqlite as adapter } from "./sqlite.ts";
