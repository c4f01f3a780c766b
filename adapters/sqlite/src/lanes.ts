import type { Database } from "./database.ts";

/**
 * In an ordered inbox the first entry of a key that is not dead holds up the others of its key (ORD-1, ORD-3). Every call belongs
 * into a transaction.
 */
export class Lanes {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Whether an entry of this lane is on its way already. */
  isTaken(inbox: number, lane: string): boolean {
    const first = this.#database
      .prepare("SELECT 1 FROM entry WHERE inbox = ? AND lane = ? AND lane IS NOT NULL AND state <> 3 LIMIT 1")
      .get(inbox, lane);
    return first !== undefined;
  }

  /** The next entry of a lane may go, if its time has come. */
  next(inbox: number, lane: unknown, now: number): void {
    if (typeof lane !== "string") return;
    this.#database
      .prepare(
        `UPDATE entry SET state = CASE WHEN due > ? THEN 2 ELSE 0 END WHERE state = 4 AND seq =
           (SELECT seq FROM entry WHERE inbox = ? AND lane = ? AND lane IS NOT NULL AND state <> 3 ORDER BY seq LIMIT 1)`,
      )
      .run(now, inbox, lane);
  }

  /** The first entry of each lane may go, where all of an inbox were just stored as blocked. */
  nextOfAll(inbox: number, now: number): void {
    this.#database
      .prepare(
        `UPDATE entry SET state = CASE WHEN due > ? THEN 2 ELSE 0 END WHERE inbox = ? AND state = 4 AND seq IN
           (SELECT min(seq) FROM entry WHERE inbox = ? AND lane IS NOT NULL AND state <> 3 GROUP BY lane)`,
      )
      .run(now, inbox, inbox);
  }
}
