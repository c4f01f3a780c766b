import type { Database } from "./database.ts";
import type { Lanes } from "./lanes.ts";
import type { Box, Retention } from "./topology.ts";
import type { Packed } from "./wire.ts";
import { bodiesOf } from "./wire.ts";

/** How many messages one step takes out. */
const step = 1_000;

/** What to put into an inbox again: what these topics, by number, have kept since an epoch ms. */
export interface Replay {
  readonly sources: readonly number[];
  readonly from: number;
}

/** What topics keep for replay, each message for `retainMs` after it was stored, whoever has settled it (SUB-8, RET-1). */
export class Log {
  readonly #database: Database;
  readonly #lanes: Lanes;

  constructor(database: Database, lanes: Lanes) {
    this.#database = database;
    this.#lanes = lanes;
  }

  append({ source, retainMs }: Retention, messages: Packed, now: number): void {
    const insert = this.#database.prepare(
      `INSERT INTO log (source, stored_at, expires_at, priority, id, dedupe, topic, key, headers, deliver_at, bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const { ids, dedupes, sources, keys, headers, dueAts, priorities } = messages;
    for (const [index, bytes] of bodiesOf(messages).entries()) {
      const id = ids[index] ?? "";
      const [dedupe = id, topic = "", written = "{}"] = [dedupes[index], sources[index], headers[index]];
      const [key = null, dueAt = null, priority = 0] = [keys[index], dueAts[index], priorities[index]];
      insert.run(source, now, now + retainMs, priority, id, dedupe, topic, key, written, dueAt, bytes);
    }
  }

  /**
   * Puts what these topics have kept since `from` into a box, in the order it was stored. The numbers are those of the log, moved
   * behind all there are: who is copied first does not matter, and nothing has to be sorted or counted.
   */
  fill(box: Box, { sources, from }: Replay, now: number): void {
    const ids = JSON.stringify(sources);
    const kept = "FROM log WHERE source IN (SELECT value FROM json_each(?)) AND stored_at >= ?";
    const first = this.#database.prepare(`SELECT min(seq) AS first ${kept}`).get(ids, from)?.["first"];
    if (typeof first !== "number") return;
    const last = this.#database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'entry'").get()?.["seq"];
    const offset = Number(last ?? 0) + 1 - first;
    this.#database
      .prepare(
        `INSERT INTO entry (seq, inbox, state, priority, due, lane, failures, deliveries, bytes, stored_at)
         SELECT seq + ?, ?, CASE WHEN ? AND key IS NOT NULL THEN 4 WHEN deliver_at > ? THEN 2 ELSE 0 END, priority,
           CASE WHEN deliver_at > ? THEN deliver_at END, CASE WHEN ? THEN key END, 0, 0, length(bytes), stored_at ${kept}`,
      )
      .run(offset, box.id, Number(box.ordered), now, now, Number(box.ordered), ids, from);
    this.#database
      .prepare(`INSERT INTO body SELECT seq + ?, id, dedupe, topic, key, headers, deliver_at, bytes ${kept}`)
      .run(offset, ids, from);
    if (box.ordered) this.#lanes.nextOfAll(box.id, now);
  }

  /** Takes out a little of what is too old. */
  prune(now: number): void {
    this.#database
      .prepare("DELETE FROM log WHERE seq IN (SELECT seq FROM log WHERE expires_at < ? ORDER BY expires_at LIMIT ?)")
      .run(now, step);
  }

  /** When the first of what is kept will be too old, `Infinity` if never. */
  nextAt(): number {
    const at = this.#database.prepare("SELECT min(expires_at) AS at FROM log").get()?.["at"];
    return typeof at === "number" ? at + 1 : Infinity;
  }
}
