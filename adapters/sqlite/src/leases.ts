import type { Database } from "./database.ts";
import type { Topology } from "./topology.ts";

/**
 * One lease for all that a member holds: renewing it is one row. When it has run out, anyone's sweep gives back what it held.
 * Every call belongs into a transaction.
 */
export class Leases {
  readonly #database: Database;
  readonly #topology: Topology;
  readonly #ms: number;

  constructor(database: Database, topology: Topology, ms: number) {
    this.#database = database;
    this.#topology = topology;
    this.#ms = ms;
  }

  /** A token that was never given before. */
  take(inbox: number, now: number): number {
    const { lastInsertRowid } = this.#database
      .prepare("INSERT INTO lease (inbox, until, ms) VALUES (?, ?, ?)")
      .run(inbox, now + this.#ms, this.#ms);
    return Number(lastInsertRowid);
  }

  /** False if the lease has run out and was swept: what it held is others' now. */
  renew(token: number, now: number): boolean {
    return (
      this.#database.prepare("UPDATE lease SET until = ? WHERE token = ?").run(now + this.#ms, token).changes === 1
    );
  }

  /** Whether it was not swept: a member that was stopped past its lease learns of it only when it renews. */
  isOurs(token: number): boolean {
    return this.#database.prepare("SELECT 1 FROM lease WHERE token = ?").get(token) !== undefined;
  }

  drop(token: number): void {
    this.#database.prepare("DELETE FROM lease WHERE token = ?").run(token);
  }

  /** Whether a sweep would find something to do; only reads. */
  isDue(now: number): boolean {
    const due = this.#database.prepare("SELECT 1 FROM lease WHERE until <= ? OR until > ? + ms LIMIT 1").get(now, now);
    return (
      due !== undefined ||
      this.#database.prepare("SELECT 1 FROM inbox WHERE expires_at <= ? LIMIT 1").get(now) !== undefined
    );
  }

  /**
   * Gives back what dead members held, and removes their ephemeral inboxes; gives how many leases and inboxes went. A lease
   * further ahead than its length was taken before the clock was set back: it is cut to one length from now, so that its
   * owner can renew it and nobody waits for the clock to catch up.
   */
  sweep(now: number): number {
    this.#database.prepare("UPDATE lease SET until = ? + ms WHERE until > ? + ms").run(now, now);
    const gone = this.#database.prepare("DELETE FROM lease WHERE until <= ? RETURNING token, inbox").all(now);
    for (const { token, inbox } of gone) {
      this.#database
        .prepare("UPDATE entry SET state = 0, token = NULL WHERE token = ? AND state = 1")
        .run(Number(token));
      this.#database.prepare("UPDATE inbox SET expires_at = ? WHERE id = ? AND ephemeral = 1").run(now, Number(inbox));
    }
    const left = this.#database.prepare("SELECT id FROM inbox WHERE expires_at <= ?").all(now);
    for (const { id } of left) this.#topology.removeBox(Number(id));
    return gone.length + left.length;
  }

  /** An ephemeral inbox lives as long as its receiver does. */
  keep(inbox: number, now: number): void {
    this.#database.prepare("UPDATE inbox SET expires_at = ? WHERE id = ? AND ephemeral = 1").run(now + this.#ms, inbox);
  }
}
