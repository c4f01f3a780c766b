import type { Database } from "./database.ts";
import type { Lanes } from "./lanes.ts";
import type { Verdicts } from "./protocol.ts";
import { state } from "./schema.ts";
import type { Box } from "./topology.ts";
import type { Row } from "./wire.ts";

const columns =
  "entry.seq, failures, deliveries, priority, id, dedupe, body.source, body.key, headers, deliver_at, body.bytes";

/** How much of a page is in memory at once: so many letters, or so many bytes of body and one more. */
const pageSize = 100;
const pageBytes = 4 * 2 ** 20;

/** The dead letters of inboxes. */
export class Letters {
  readonly #database: Database;
  readonly #lanes: Lanes;

  constructor(database: Database, lanes: Lanes) {
    this.#database = database;
    this.#lanes = lanes;
  }

  /** The number of the last one there is, 0 if there is none. */
  last(box: Box): number {
    const row = this.#database.prepare("SELECT max(seq) AS last FROM entry WHERE inbox = ? AND state = 3").get(box.id);
    return Number(row?.["last"] ?? 0);
  }

  /** A page of those after `after`, up to `upTo`, oldest first; empty at the end. */
  page(box: Box, after: number, upTo: number): readonly Row[] {
    const rows = this.#database
      .prepare(
        `SELECT ${columns} FROM entry LEFT JOIN body ON body.seq = entry.seq
         WHERE inbox = ? AND state = 3 AND entry.seq > ? AND entry.seq <= ? ORDER BY entry.seq LIMIT ${pageSize}`,
      )
      .iterate(box.id, after, upTo);
    const page: Row[] = [];
    let bytes = 0;
    for (const row of rows as unknown as Iterable<Row>) {
      page.push(row);
      bytes += row.bytes instanceof Uint8Array ? row.bytes.length : 0;
      if (bytes > pageBytes) break;
    }
    return page;
  }

  /** Does what was decided; what is no letter any more is left alone. Belongs into a transaction. */
  judge(box: Box, verdicts: Verdicts): void {
    for (const { seq, verdict } of verdicts) {
      if (verdict === "discard") this.#discard(seq);
      else this.#redrive(box, seq);
    }
  }

  #discard(seq: number): void {
    const { changes } = this.#database.prepare("DELETE FROM entry WHERE seq = ? AND state = 3").run(seq);
    if (changes === 1) this.#database.prepare("DELETE FROM body WHERE seq = ?").run(seq);
  }

  #redrive(box: Box, seq: number): void {
    const letter = this.#database.prepare("SELECT lane FROM entry WHERE seq = ? AND state = 3").get(seq);
    if (letter === undefined) return;
    const waits = typeof letter["lane"] === "string" && this.#lanes.isTaken(box.id, letter["lane"]);
    this.#database
      .prepare("UPDATE entry SET state = ?, failures = 0, deliveries = 0, due = NULL WHERE seq = ?")
      .run(waits ? state.blocked : state.ready, seq);
  }
}
