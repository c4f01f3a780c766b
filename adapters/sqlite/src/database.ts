import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { WaybillError } from "@waybill/core";
import { isBusy, toError } from "./errors.ts";
import { isMigrated, migrate } from "./schema.ts";
import type { WorkerData } from "./protocol.ts";

/** How long a transaction waits for other processes, ms. */
const patience = 20_000;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** The file, as the worker uses it: one connection, waiting for the lock where it may block. */
export class Database {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #dataVersion: StatementSync;

  /** @throws WaybillError `CONFIG`, `PERMISSION`, `CORRUPT`, `MISSING`, `FULL`, each saying what to do */
  constructor(data: WorkerData) {
    check(data);
    try {
      this.#database = new DatabaseSync(data.file);
      this.#open(data);
      this.#dataVersion = this.#database.prepare("PRAGMA data_version");
    } catch (thrown) {
      const { code, message } = toError(thrown);
      throw new WaybillError(code, `${data.file}: ${message}`, { cause: thrown });
    }
  }

  /** A prepared statement, prepared once. */
  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** Runs `work` as one transaction that is on disk when this returns. What it throws has left nothing behind. */
  write<T>(work: () => T): T {
    this.#database.exec("PRAGMA synchronous = FULL");
    return this.#transact(work);
  }

  /**
   * The same, on disk with the next `write` at the latest: for what a power cut may undo without harm, such as a claim, which
   * then was never made.
   */
  writeSoon<T>(work: () => T): T {
    this.#database.exec("PRAGMA synchronous = NORMAL");
    return this.#transact(work);
  }

  #transact<T>(work: () => T): T {
    this.#locked("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#locked("COMMIT");
      return result;
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw toError(thrown);
    }
  }

  /** A number that changes when another connection has written. */
  changes(): unknown {
    return this.#dataVersion.get()?.["data_version"];
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #open({ topology, maxPages }: WorkerData): void {
    // A page of 8 kB holds a handful of messages: a third fewer bytes to sync than with the default of 4.
    this.#locked("PRAGMA page_size = 8192");
    this.#locked("PRAGMA journal_mode = WAL");
    this.#locked("PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 2000");
    if (maxPages !== undefined) this.#locked(`PRAGMA max_page_count = ${maxPages}`);
    if (!isMigrated(this.#database)) {
      if (topology === "verify") throw new WaybillError("MISSING", `the schema is not there, and topology is "verify"`);
      this.write(() => migrate(this.#database));
    }
  }

  /** SQLite's own waiting sleeps up to 100 ms at a time; this looks again within half a millisecond, which only a worker may. */
  #locked(sql: string): void {
    const until = performance.now() + patience;
    for (;;) {
      try {
        this.#database.exec(sql);
        return;
      } catch (thrown) {
        if (!isBusy(thrown) || performance.now() > until) throw toError(thrown);
        Atomics.wait(pause, 0, 0, 0.1 + Math.random() * 0.4);
      }
    }
  }
}

/** What SQLite would only call "unable to open". */
function check({ file, topology }: WorkerData): void {
  const directory = dirname(file);
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new WaybillError(
      "CONFIG",
      `${file}: the directory ${directory} does not exist; create it, or correct the path`,
    );
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new WaybillError("PERMISSION", `${file}: is a directory; give the path of a file`);
  }
  if (topology === "verify" && !existsSync(file)) {
    throw new WaybillError("MISSING", `${file}: does not exist, and topology is "verify"`);
  }
}
