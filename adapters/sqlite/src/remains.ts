import type { Database } from "./database.ts";

/** How many entries or kept messages one step takes out: some milliseconds. */
const step = 1_000;

/**
 * What removed inboxes and topics leave behind. A million messages cannot go in one transaction without keeping everybody else
 * waiting, so they go in steps, by whoever sweeps (GRP-1). Every call belongs into a transaction.
 */
export class Remains {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  leave(kind: "inbox" | "log", id: number): void {
    this.#database.prepare("INSERT INTO gone VALUES (?, ?)").run(kind, id);
  }

  areThere(): boolean {
    return this.#database.prepare("SELECT 1 FROM gone LIMIT 1").get() !== undefined;
  }

  /** One step; nothing is left of the first one when it finds nothing more. */
  clear(): void {
    const first = this.#database.prepare("SELECT kind, id FROM gone LIMIT 1").get();
    if (first === undefined) return;
    const id = Number(first["id"]);
    const cleared = first["kind"] === "inbox" ? this.#clearInbox(id) : this.#clearLog(id);
    if (cleared < step)
      this.#database.prepare("DELETE FROM gone WHERE kind = ? AND id = ?").run(first["kind"] ?? "", id);
  }

  /** Each state has its own index, which is only used where the statement names the state. */
  #clearInbox(id: number): number {
    let cleared = 0;
    for (const state of [0, 2, 3, 4]) {
      const entries = `SELECT seq FROM entry WHERE inbox = ? AND state = ${state} LIMIT ?`;
      const seqs = JSON.stringify(
        this.#database
          .prepare(entries)
          .all(id, step - cleared)
          .map(({ seq }) => seq),
      );
      this.#database.prepare("DELETE FROM body WHERE seq IN (SELECT value FROM json_each(?))").run(seqs);
      cleared += Number(
        this.#database.prepare("DELETE FROM entry WHERE seq IN (SELECT value FROM json_each(?))").run(seqs).changes,
      );
    }
    return cleared;
  }

  #clearLog(id: number): number {
    const old = this.#database.prepare("DELETE FROM log WHERE seq IN (SELECT seq FROM log WHERE source = ? LIMIT ?)");
    return Number(old.run(id, step).changes);
  }
}
