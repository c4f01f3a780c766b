import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Claim } from "@waybill/core";
import { patiently } from "./database.ts";
import { type PlainError, toError } from "./errors.ts";
import { checkPath } from "./path.ts";

export interface IdempotencyData {
  readonly file: string;
  readonly maxRecords: number;
}

/** One call of the store's; `ms` is a lease or a retention. */
export type IdempotencyRequest = { readonly id: number; readonly key: string; readonly owner: string } & (
  | { readonly kind: "claim" | "renew"; readonly ms: number }
  | { readonly kind: "complete"; readonly ms: number; readonly record: Uint8Array | undefined }
  | { readonly kind: "release" }
);

export type IdempotencyReply =
  | { readonly kind: "opened" }
  | { readonly kind: "answers"; readonly ids: readonly number[]; readonly answers: readonly unknown[] }
  | { readonly kind: "failed"; readonly ids: readonly number[]; readonly error: PlainError };

/** How much is forgotten in one transaction, and how many sweeps go by until the records are counted. */
const atOnce = 10_000;
const countEvery = 10;

/** Tables of their own beside whatever else the file holds: `schema.ts` takes a file with only these as an empty one. */
const schema = `
  CREATE TABLE IF NOT EXISTS waybill_claim (
    key TEXT PRIMARY KEY, owner TEXT NOT NULL, until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS waybill_record (
    key TEXT PRIMARY KEY, until INTEGER NOT NULL, record BLOB
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS waybill_record_until ON waybill_record (until);`;

/** The claims and records in a file, as the thread that has them sees them. */
export class Records {
  readonly #database: DatabaseSync;
  readonly #maxRecords: number;
  readonly #find: StatementSync;
  readonly #take: StatementSync;
  readonly #lease: StatementSync;
  readonly #renew: StatementSync;
  readonly #end: StatementSync;
  readonly #keep: StatementSync;
  #sweeps = 0;

  /** @throws WaybillError `CONFIG`, `PERMISSION`, `CORRUPT`, `FULL`, each saying what to do */
  constructor({ file, maxRecords }: IdempotencyData) {
    checkPath(file, "create");
    try {
      this.#database = new DatabaseSync(file);
      patiently(() => this.#database.exec("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL"));
      patiently(() => this.#database.exec(schema));
      this.#maxRecords = maxRecords;
      const prepare = (sql: string): StatementSync => patiently(() => this.#database.prepare(sql));
      this.#find = prepare("SELECT record FROM waybill_record WHERE key = ? AND until > ?");
      this.#take = prepare(
        `INSERT INTO waybill_claim (key, owner, until) VALUES (?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE until <= ?`,
      );
      this.#lease = prepare("SELECT until FROM waybill_claim WHERE key = ?");
      this.#renew = prepare("UPDATE waybill_claim SET until = ? WHERE key = ? AND owner = ?");
      this.#end = prepare("DELETE FROM waybill_claim WHERE key = ? AND owner = ?");
      this.#keep = prepare(
        `INSERT INTO waybill_record (key, until, record) VALUES (?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET until = excluded.until, record = excluded.record`,
      );
    } catch (thrown) {
      throw toError(thrown);
    }
  }

  /** One answer each, in order, in one transaction. A record is on disk when this returns; a claim may be lost with the power. */
  execute(requests: readonly IdempotencyRequest[]): readonly unknown[] {
    const now = Date.now();
    const durable = requests.some(({ kind }) => kind === "complete");
    return this.#transact(durable, () => requests.map((request) => this.#answer(request, now)));
  }

  /** Forgets what is over, and the oldest of what is too much. */
  sweep(): void {
    const now = Date.now();
    this.#sweeps += 1;
    const over = (table: string): boolean =>
      this.#database.prepare(`SELECT 1 FROM ${table} WHERE until <= ? LIMIT 1`).get(now) !== undefined;
    if (over("waybill_record") || over("waybill_claim")) {
      this.#transact(false, () => {
        this.#forget(now, atOnce);
        this.#database.prepare("DELETE FROM waybill_claim WHERE until <= ?").run(now);
      });
    }
    if (this.#sweeps % countEvery !== 1) return;
    const count = Number(this.#database.prepare("SELECT count(*) AS count FROM waybill_record").get()?.["count"]);
    for (let excess = count - this.#maxRecords; excess > 0; excess -= atOnce) {
      this.#transact(false, () => this.#forget(Number.MAX_SAFE_INTEGER, Math.min(excess, atOnce)));
    }
  }

  close(): void {
    this.#database.close();
  }

  #answer(request: IdempotencyRequest, now: number): unknown {
    const { key, owner } = request;
    if (request.kind === "claim") return this.#claim(key, owner, now, now + request.ms);
    if (request.kind === "renew") return this.#renew.run(now + request.ms, key, owner).changes === 1;
    const ours = this.#end.run(key, owner).changes === 1;
    if (request.kind === "complete" && ours) this.#keep.run(key, now + request.ms, request.record ?? null);
    return ours;
  }

  #claim(key: string, owner: string, now: number, until: number): Claim {
    const found = this.#find.get(key, now);
    if (found !== undefined) return { state: "done", record: (found["record"] as Uint8Array | null) ?? undefined };
    if (this.#take.run(key, owner, until, now).changes === 1) return "claimed";
    return { state: "busy", leftMs: Number(this.#lease.get(key)?.["until"]) - now };
  }

  #forget(until: number, most: number): void {
    const oldest = "SELECT key FROM waybill_record WHERE until <= ? ORDER BY until LIMIT ?";
    this.#database.prepare(`DELETE FROM waybill_record WHERE key IN (${oldest})`).run(until, most);
  }

  #transact<T>(durable: boolean, work: () => T): T {
    this.#database.exec(`PRAGMA synchronous = ${durable ? "FULL" : "NORMAL"}`);
    patiently(() => this.#database.exec("BEGIN IMMEDIATE"));
    try {
      const result = work();
      patiently(() => this.#database.exec("COMMIT"));
      return result;
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw toError(thrown);
    }
  }
}
