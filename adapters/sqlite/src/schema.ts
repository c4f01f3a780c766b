import type { DatabaseSync } from "node:sqlite";
import { WaybillError } from "@waybill/core";

/** Says in the file's header that it is ours ("wayb"). */
const applicationId = 0x77617962;

/** What an entry is doing; the numbers stand in the file. */
export const state = { ready: 0, held: 1, delayed: 2, dead: 3, blocked: 4 } as const;

/**
 * Each takes the schema one version on; what was released is never changed.
 *
 * An entry is one message in one inbox. Its body lies apart, so that claiming and settling rewrite some 80 bytes and not a
 * kilobyte. `lane` is its key where its inbox is ordered: of the entries of one lane only the first is ready, held or
 * delayed, the others are blocked. `token` is the lease of the member that holds it.
 */
const migrations: readonly string[] = [
  `CREATE TABLE source (
     id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, ordered INTEGER NOT NULL,
     priorities INTEGER NOT NULL, retain_ms INTEGER NOT NULL, UNIQUE (namespace, name)
   ) STRICT;
   CREATE TABLE inbox (
     id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source (id), name TEXT NOT NULL, ordered INTEGER NOT NULL,
     ephemeral INTEGER NOT NULL, expires_at INTEGER, UNIQUE (source, name)
   ) STRICT;
   CREATE TABLE lease (
     token INTEGER PRIMARY KEY AUTOINCREMENT, inbox INTEGER NOT NULL, until INTEGER NOT NULL, ms INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE entry (
     seq INTEGER PRIMARY KEY AUTOINCREMENT, inbox INTEGER NOT NULL, state INTEGER NOT NULL, priority INTEGER NOT NULL,
     due INTEGER, lane TEXT, failures INTEGER NOT NULL, deliveries INTEGER NOT NULL, token INTEGER, bytes INTEGER NOT NULL,
     stored_at INTEGER NOT NULL
   );
   CREATE INDEX ready ON entry (inbox, priority DESC, seq) WHERE state = 0;
   CREATE INDEX held ON entry (token) WHERE state = 1;
   CREATE INDEX delayed ON entry (inbox, due) WHERE state = 2;
   CREATE INDEX dead ON entry (inbox, seq) WHERE state = 3;
   CREATE INDEX lane ON entry (inbox, lane, seq) WHERE lane IS NOT NULL AND state <> 3;
   CREATE INDEX blocked ON entry (inbox) WHERE state = 4;
   CREATE TABLE body (
     seq INTEGER PRIMARY KEY, id TEXT, dedupe TEXT, source TEXT, key TEXT, headers TEXT, deliver_at INTEGER, bytes BLOB
   );`,
];

/** The newest version this release knows. */
const newestVersion: number = migrations.length;

/**
 * Brings the schema to the newest version, inside the caller's transaction.
 * @throws WaybillError `CORRUPT` for another program's database or a newer schema; the file is left as it is
 */
export function migrate(database: DatabaseSync): void {
  const version = pragma(database, "user_version");
  const owner = pragma(database, "application_id");
  const isEmpty = database.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.["count"] === 0;
  if (owner !== applicationId && !isEmpty) {
    throw new WaybillError("CORRUPT", "this is a database of another program; give Waybill a file of its own");
  }
  if (version > newestVersion) {
    throw new WaybillError(
      "CORRUPT",
      `its schema has version ${version}, this release of @waybill/sqlite knows ${newestVersion}; upgrade @waybill/sqlite`,
    );
  }
  if (version === newestVersion) return;
  for (const migration of migrations.slice(version)) database.exec(migration);
  database.exec(`PRAGMA user_version = ${newestVersion}; PRAGMA application_id = ${applicationId}`);
}

/** Whether the schema is there at its newest version. */
export function isMigrated(database: DatabaseSync): boolean {
  return pragma(database, "user_version") === newestVersion && pragma(database, "application_id") === applicationId;
}

function pragma(database: DatabaseSync, name: "user_version" | "application_id"): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
