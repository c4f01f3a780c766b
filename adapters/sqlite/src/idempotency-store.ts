import type { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { type Claim, type Duration, type IdempotencyStore, milliseconds, Postpone, WaybillError } from "@waybill/core";
import { fromPlain } from "./errors.ts";
import type { IdempotencyData, IdempotencyReply, IdempotencyRequest } from "./records.ts";

export interface SqliteStoreOptions {
  /** The most records kept, above which the oldest go. Default 1 000 000. */
  readonly maxRecords?: number | undefined;
}

type Unnumbered<R> = R extends unknown ? Omit<R, "id"> : never;

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: WaybillError) => void;
}

/**
 * Opens the claims and records of `idempotency` in a SQLite file: the bus's own, the user's, or one for itself. All processes
 * that share the file share them. Rejects with `CONFIG`, `PERMISSION`, `CORRUPT` or `FULL`.
 */
export function sqliteStore(file: string, { maxRecords = 1_000_000 }: SqliteStoreOptions = {}): Promise<SqliteStore> {
  if (!Number.isInteger(maxRecords) || maxRecords < 1)
    throw new TypeError(`maxRecords is ${maxRecords}; give a whole number of at least 1`);
  return SqliteStore.open({ file, maxRecords });
}

/** Its database lives in a thread; what is asked in one turn of the event loop is one transaction there. */
export class SqliteStore implements IdempotencyStore, AsyncDisposable {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #batch: IdempotencyRequest[] = [];
  #next = 1;
  #over: WaybillError | undefined;

  private constructor(data: IdempotencyData) {
    const name = "waybill-idempotency";
    this.#worker = new Worker(new URL("./idempotency-worker.js", import.meta.url), { workerData: data, name });
    this.#worker.on("message", (reply: IdempotencyReply) => this.#hear(reply));
    this.#worker.on("error", (error) => this.#end(`the thread of the idempotency store died: ${String(error)}`));
    this.#worker.on("exit", () => this.#end("the idempotency store is closed"));
  }

  /** See `sqliteStore`. */
  static async open(data: IdempotencyData): Promise<SqliteStore> {
    const store = new SqliteStore(data);
    await new Promise<unknown>((resolve, reject) => store.#pending.set(0, { resolve, reject }));
    return store;
  }

  claim(key: string, owner: string, leaseMs: number): Promise<Claim> {
    return this.#ask({ kind: "claim", key, owner, ms: leaseMs }) as Promise<Claim>;
  }

  renew(key: string, owner: string, leaseMs: number): Promise<boolean> {
    return this.#ask({ kind: "renew", key, owner, ms: leaseMs }) as Promise<boolean>;
  }

  complete(key: string, owner: string, record: Uint8Array | undefined, retentionMs: number): Promise<boolean> {
    return this.#ask({ kind: "complete", key, owner, record, ms: retentionMs }) as Promise<boolean>;
  }

  async release(key: string, owner: string): Promise<void> {
    await this.#ask({ kind: "release", key, owner });
  }

  /**
   * Records a success in the user's own transaction on the same file, so that its effects and the record are there both or
   * neither: exactly one effect, whatever crashes (IDM-1). Called in the handler, between BEGIN and COMMIT, with the
   * `keyOf` of its message. What the handler returns or sends through its message is no part of it. The store writes to the
   * file, too: give your connection a `timeout`, without which a BEGIN may say "database is locked".
   * @throws Postpone where another was faster, so that the transaction is rolled back and the duplicate settled by the record;
   *   TypeError outside of a transaction or in another file
   */
  record(database: DatabaseSync, key: string, retention: Duration = "1d"): void {
    if (!database.isTransaction) throw new TypeError("there is no transaction to record in; BEGIN one first");
    const now = Date.now();
    if (insert(database, key, now + milliseconds(retention, "retention"), now)) return;
    throw new Postpone(0, `${JSON.stringify(key)} was handled by another in the meantime`);
  }

  /** Answers what was asked, then closes the file. Safe to repeat. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over !== undefined) return;
    const ended = new Promise((resolve) => this.#worker.once("exit", resolve));
    this.#flush();
    this.#worker.ref();
    this.#worker.postMessage("close");
    await ended;
  }

  #ask(request: Unnumbered<IdempotencyRequest>): Promise<unknown> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    const id = this.#next++;
    if (this.#batch.length === 0) setImmediate(() => this.#flush());
    this.#batch.push({ ...request, id });
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    // A forgotten store keeps no process alive, but an unanswered question does.
    this.#worker.ref();
    this.#worker.postMessage(this.#batch);
    this.#batch = [];
  }

  #hear(reply: IdempotencyReply): void {
    if (reply.kind === "opened") this.#take(0)?.resolve(undefined);
    else if (reply.kind === "answers") reply.ids.forEach((id, index) => this.#take(id)?.resolve(reply.answers[index]));
    else for (const id of reply.ids) this.#take(id)?.reject(fromPlain(reply.error));
    if (this.#pending.size === 0) this.#worker.unref();
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #end(why: string): void {
    this.#over ??= new WaybillError("CLOSED", why);
    for (const { reject } of this.#pending.values()) reject(this.#over);
    this.#pending.clear();
  }
}

function insert(database: DatabaseSync, key: string, until: number, now: number): boolean {
  const sql = `INSERT INTO waybill_record (key, until) VALUES (?, ?)
    ON CONFLICT (key) DO UPDATE SET until = excluded.until, record = NULL WHERE until <= ?`;
  try {
    return database.prepare(sql).run(key, until, now).changes === 1;
  } catch (cause) {
    if (!String(cause).includes("no such table")) throw cause;
    throw new TypeError("the transaction is on another file than the idempotency store; open both on one", { cause });
  }
}
