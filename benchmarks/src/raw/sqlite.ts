import { DatabaseSync, type StatementSync } from "node:sqlite";

const id = "bd354bfa-41f2-4a0d-8d28-691d8ab78e6e";

/** What someone would write by hand: one table, one transaction a batch, the same durability (WAL, synchronous=FULL). */
export class RawSqlite {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE message (seq INTEGER PRIMARY KEY, inbox INTEGER, state INTEGER, priority INTEGER, due INTEGER, key TEXT,
        id TEXT, source TEXT, headers TEXT, body BLOB, failures INTEGER, deliveries INTEGER, token INTEGER, lease INTEGER);
      CREATE INDEX ready ON message (inbox, state, priority DESC, seq);`);
    this.#insert = this.#database.prepare(
      "INSERT INTO message (inbox, state, priority, due, key, id, source, headers, body, failures, deliveries) VALUES (1, 0, 0, 0, ?, ?, ?, ?, ?, 0, 0)",
    );
  }

  /** Stores a batch in one transaction. */
  insert(bodies: readonly Uint8Array[]): void {
    this.#database.exec("BEGIN IMMEDIATE");
    for (const body of bodies) this.#insert.run(null, id, "order.placed", "{}", body);
    this.#database.exec("COMMIT");
  }

  close(): void {
    this.#database.close();
  }
}
