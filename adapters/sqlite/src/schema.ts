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
 *
 * 2: inboxes of patterns (`pattern` with `namespace` instead of `source`); what topics keep for replay (`log`); leases of
 * members that settle first (`once`); `topology.version`, which changes with every source and inbox, whoever makes or removes
 * it; what is removed in steps (`gone`), whose numbers are therefore never given again.
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
  `CREATE TABLE source_2 (
     id INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
     ordered INTEGER NOT NULL, priorities INTEGER NOT NULL, retain_ms REAL NOT NULL, UNIQUE (namespace, name)
   ) STRICT;
   CREATE TABLE inbox_2 (
     id INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER REFERENCES source_2 (id), name TEXT NOT NULL,
     ordered INTEGER NOT NULL, ephemeral INTEGER NOT NULL, expires_at INTEGER, namespace TEXT, pattern TEXT,
     UNIQUE (source, name), UNIQUE (namespace, pattern, name), CHECK ((source IS NULL) = (pattern IS NOT NULL))
   ) STRICT;
   INSERT INTO source_2 SELECT id, namespace, name, kind, ordered, priorities, retain_ms FROM source;
   INSERT INTO inbox_2 SELECT id, source, name, ordered, ephemeral, expires_at, NULL, NULL FROM inbox;
   DROP TABLE inbox;
   DROP TABLE source;
   ALTER TABLE source_2 RENAME TO source;
   ALTER TABLE inbox_2 RENAME TO inbox;
   CREATE INDEX expiring ON inbox (expires_at) WHERE expires_at IS NOT NULL;
   CREATE TABLE topology (version INTEGER NOT NULL) STRICT;
   INSERT INTO topology VALUES (0);
   CREATE TRIGGER source_made AFTER INSERT ON source BEGIN UPDATE topology SET version = version + 1; END;
   CREATE TRIGGER source_removed AFTER DELETE ON source BEGIN UPDATE topology SET version = version + 1; END;
   CREATE TRIGGER inbox_made AFTER INSERT ON inbox BEGIN UPDATE topology SET version = version + 1; END;
   CREATE TRIGGER inbox_removed AFTER DELETE ON inbox BEGIN UPDATE topology SET version = version + 1; END;
   ALTER TABLE lease ADD COLUMN once INTEGER NOT NULL DEFAULT 0;
   CREATE INDEX lease_inbox ON lease (inbox);
   CREATE INDEX lease_until ON lease (until);
   CREATE INDEX lease_renewed ON lease (until - ms);
   CREATE TABLE log (
     seq INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL, stored_at INTEGER NOT NULL, expires_at REAL NOT NULL,
     priority INTEGER NOT NULL, id TEXT, dedupe TEXT, topic TEXT, key TEXT, headers TEXT, deliver_at INTEGER, bytes BLOB
   );
   CREATE INDEX kept ON log (source, stored_at);
   CREATE INDEX aging ON log (expires_at);
   CREATE TABLE gone (kind TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;`,
];

/** The newest version this release knows. */
export const newestVersion: number = migrations.length;

/**
 * The version of the schema in the file, 0 where there is none yet. Only reads.
 * @throws WaybillError `CORRUPT` for another program's database or a newer schema
 */
export function versionOf(database: DatabaseSync): number {
  const version = pragma(database, "user_version");
  // The idempotency store's tables may be there first.
  const others = database.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE tbl_name NOT GLOB 'waybill_*'");
  const isEmpty = others.get()?.["count"] === 0;
  if (isEmpty) return 0;
  if (pragma(database, "application_id") !== applicationId) {
    throw new WaybillError("CORRUPT", "this is a database of another program; give Waybill a file of its own");
  }
  if (version <= newestVersion) return version;
  throw new WaybillError(
    "CORRUPT",
    `its schema has version ${version}, this release of @waybill/sqlite knows ${newestVersion}; upgrade @waybill/sqlite`,
  );
}

/** Brings the schema to the newest version, inside the caller's transaction, unless another process was faster. */
export function migrate(database: DatabaseSync): void {
  const version = versionOf(database);
  if (version === newestVersion) return;
  for (const migration of migrations.slice(version)) database.exec(migration);
  database.exec(`PRAGMA user_version = ${newestVersion}; PRAGMA application_id = ${applicationId}`);
}

function pragma(database: DatabaseSync, name: "user_version" | "application_id"): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
