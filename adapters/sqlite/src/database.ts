import { DatabaseSync, type StatementSync } from "node:sqlite";
import { WaybillError } from "@waybill/core";
import { isBusy, toError } from "./errors.ts";
import { checkPath } from "./path.ts";
import type { WorkerData } from "./protocol.ts";
import { migrate, newestVersion, versionOf } from "./schema.ts";

/** How long a transaction waits for other processes, ms. */
const patience = 20_000;
/** How many pages consumers have beyond the limit, so that what waits in a full file can be claimed and settled. */
const reservedPages = 64;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** The file, as the worker uses it: one connection, waiting for the lock where it may block. */
export class Database {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #dataVersion: StatementSync;
  readonly #maxPages: number | undefined;

  /** @throws WaybillError `CONFIG`, `PERMISSION`, `CORRUPT`, `MISSING`, `FULL`, each saying what to do */
  constructor(data: WorkerData) {
    checkPath(data.file, data.topology);
    this.#maxPages = data.maxPages;
    try {
      this.#database = new DatabaseSync(data.file);
      this.#open(data);
      this.#dataVersion = patiently(() => this.#database.prepare("PRAGMA data_version"));
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
    this.#exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#exec("COMMIT");
      return result;
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw toError(thrown);
    }
  }

  /**
   * Belongs into a transaction that has stored something for publishers.
   * @throws WaybillError `FULL` if the file has more pages in use than they may fill
   */
  checkRoom(): void {
    if (this.#maxPages === undefined) return;
    const used = this.#pragma("page_count") - this.#pragma("freelist_count");
    if (used <= this.#maxPages) return;
    throw new WaybillError(
      "FULL",
      `sqlite: the file has its ${this.#maxPages} pages in use; settle what waits, or raise maxPages`,
    );
  }

  /** A number that changes when another connection has written. */
  changes(): unknown {
    return this.#dataVersion.get()?.["data_version"];
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** Looks before it changes anything: another program's database stays as it is. */
  #open({ topology, maxPages }: WorkerData): void {
    const version = patiently(() => versionOf(this.#database));
    if (version < newestVersion && topology === "verify") {
      const found = version === 0 ? "the schema is not there" : `its schema has version ${version} of ${newestVersion}`;
      throw new WaybillError("MISSING", `${found}, and topology is "verify"; connect once with "create"`);
    }
    // A page of 8 kB holds a handful of messages: a third fewer bytes to sync than with the default of 4.
    this.#exec("PRAGMA page_size = 8192");
    const mode = patiently(() => this.#database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"]);
    if (mode !== "wal") {
      throw new WaybillError(
        "CONFIG",
        `it cannot have a write-ahead log (${String(mode)}); give a file on a local disk`,
      );
    }
    this.#exec("PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 2000");
    if (maxPages !== undefined) this.#exec(`PRAGMA max_page_count = ${maxPages + reservedPages}`);
    if (version < newestVersion) this.write(() => migrate(this.#database));
  }

  #pragma(name: "page_count" | "freelist_count"): number {
    return Number(this.prepare(`PRAGMA ${name}`).get()?.[name]);
  }

  #exec(sql: string): void {
    patiently(() => this.#database.exec(sql));
  }
}

/** SQLite's own waiting sleeps up to 100 ms at a time; this looks again within half a millisecond, which only a worker may. */
export function patiently<T>(work: () => T): T {
  const until = performance.now() + patience;
  for (;;) {
    try {
      return work();
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() > until) throw toError(thrown);
      Atomics.wait(pause, 0, 0, 0.1 + Math.random() * 0.4);
    }
  }
}
