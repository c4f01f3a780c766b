import type { Database } from "./database.ts";
import type { Entries } from "./entries.ts";
import type { Topology } from "./topology.ts";

/** Where so many are ready, every member's part is larger than its window, and counting the rest would only cost. */
const manyReady = 10_000;

/** What another process has renewed since this one looked at the clock lies a little ahead, ms. */
const slack = 1_000;

/**
 * One lease for all that a member holds: renewing it is one row. When it has run out, anyone's sweep gives back what it held.
 * Every call belongs into a transaction, but for what only reads.
 */
export class Leases {
  readonly #database: Database;
  readonly #topology: Topology;
  readonly #entries: Entries;
  readonly #ms: number;

  constructor(database: Database, topology: Topology, entries: Entries, ms: number) {
    this.#database = database;
    this.#topology = topology;
    this.#entries = entries;
    this.#ms = ms;
  }

  /** A token that was never given before. What is held `once` is never given back: it was settled first (ACK-6). */
  take(inbox: number, once: boolean, now: number): number {
    const { lastInsertRowid } = this.#database
      .prepare("INSERT INTO lease (inbox, until, ms, once) VALUES (?, ?, ?, ?)")
      .run(inbox, now + this.#ms, this.#ms, Number(once));
    return Number(lastInsertRowid);
  }

  /** False if the lease has run out and was swept: what it held is others' now. */
  renew(token: number, now: number): boolean {
    return (
      this.#database.prepare("UPDATE lease SET until = ? WHERE token = ?").run(now + this.#ms, token).changes === 1
    );
  }

  /** Ends a lease as if it had run out, and gives another token. */
  replace(token: number, inbox: number, now: number): number {
    this.#entries.giveBackAll(token);
    this.drop(token);
    return this.take(inbox, false, now);
  }

  /** Whether it was not swept: a member that was stopped past its lease learns of it only when it renews. */
  isOurs(token: number): boolean {
    return this.#database.prepare("SELECT 1 FROM lease WHERE token = ?").get(token) !== undefined;
  }

  /** A member's part of the entries of an inbox that are ready or in someone's hands; `Infinity` where it has but one member. */
  part(inbox: number): number {
    const tokens = this.#database.prepare("SELECT token FROM lease WHERE inbox = ?").all(inbox);
    if (tokens.length < 2) return Infinity;
    const holds = this.#database.prepare("SELECT count(*) AS count FROM entry WHERE token = ? AND state = 1");
    const held = tokens.reduce((sum, { token }) => sum + Number(holds.get(Number(token))?.["count"]), 0);
    const ready = this.#database
      .prepare(`SELECT count(*) AS count FROM (SELECT 1 FROM entry WHERE inbox = ? AND state = 0 LIMIT ${manyReady})`)
      .get(inbox)?.["count"];
    return Math.ceil((held + Number(ready)) / tokens.length);
  }

  drop(token: number): void {
    this.#database.prepare("DELETE FROM lease WHERE token = ?").run(token);
  }

  /**
   * When a sweep would find something to do, at the earliest. A lease further ahead than its length was taken before the clock
   * was set back, which is something to do at once. Only reads.
   */
  nextAt(now: number): number {
    const first = (sql: string): number | undefined => {
      const at = this.#database.prepare(sql).get()?.["at"];
      return typeof at === "number" ? at : undefined;
    };
    if ((first("SELECT max(until - ms) AS at FROM lease") ?? now) > now + slack) return now;
    const until = first("SELECT min(until) AS at FROM lease") ?? Infinity;
    return Math.min(until, first("SELECT min(expires_at) AS at FROM inbox WHERE expires_at IS NOT NULL") ?? Infinity);
  }

  /**
   * Gives back what dead members held, and removes their ephemeral inboxes; gives how many leases and inboxes went. A lease
   * further ahead than its length is cut to one length from now, so that its owner can renew it and nobody waits for the clock
   * to catch up.
   */
  sweep(now: number): number {
    this.#database.prepare("UPDATE lease SET until = ? + ms WHERE until - ms > ?").run(now, now + slack);
    const gone = this.#database.prepare("DELETE FROM lease WHERE until <= ? RETURNING token, inbox, once").all(now);
    for (const { token, inbox, once } of gone) {
      if (once === 1) this.#entries.forgetAll(Number(inbox), Number(token), now);
      else this.#entries.giveBackAll(Number(token));
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
