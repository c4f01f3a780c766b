import type { Depth, Headers } from "@waybill/core";
import type { Database } from "./database.ts";
import type { Verdicts } from "./protocol.ts";
import { state } from "./schema.ts";
import type { Box } from "./topology.ts";
import type { Packed, Row } from "./wire.ts";
import { headersOf } from "./wire.ts";

const rowColumns =
  "entry.seq, failures, deliveries, priority, id, dedupe, body.source, body.key, headers, deliver_at, body.bytes";

/** What the claiming of an entry tells of it. */
export type Claimed = Pick<Row, "seq" | "priority" | "failures" | "deliveries">;

type Body = Omit<Row, keyof Claimed>;

/** What an entry can undergo. Every call belongs into a transaction: a move is one step. */
export class Entries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Stores each message once in each box. */
  store(boxes: readonly Box[], messages: Packed, now: number): void {
    const insertBody = this.#database.prepare("INSERT INTO body VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    const { ids, dedupes, sources, keys, headers, dueAts, lengths, bodies } = messages;
    for (const box of boxes) {
      let at = 0;
      for (const [index, id] of ids.entries()) {
        const length = lengths[index] ?? 0;
        const seq = this.#insert(box, messages, index, now);
        const bytes = bodies.subarray(at, at + length);
        const dueAt = dueAts[index] ?? null;
        const key = keys[index] ?? null;
        insertBody.run(seq, id, dedupes[index] ?? id, sources[index] ?? "", key, headers[index] ?? "{}", dueAt, bytes);
        at += length;
      }
    }
  }

  /** How many of the first `limit` ready entries of a box fit into `bytes`; the first one always does when `atLeastOne`. */
  fitting(box: Box, limit: number, bytes: number, atLeastOne: boolean): number {
    const rows = this.#database
      .prepare("SELECT bytes FROM entry WHERE inbox = ? AND state = 0 ORDER BY priority DESC, seq LIMIT ?")
      .all(box.id, limit);
    let left = bytes;
    const tooMuch = rows.findIndex((row, index) => {
      left -= Number(row["bytes"]);
      return left < 0 && !(atLeastOne && index === 0);
    });
    return tooMuch === -1 ? rows.length : tooMuch;
  }

  hasReady(box: Box): boolean {
    return (
      this.#database.prepare("SELECT 1 FROM entry WHERE inbox = ? AND state = 0 LIMIT 1").get(box.id) !== undefined
    );
  }

  /** The first `limit` ready entries of a box become the token's, in one statement; the first first. */
  claim(box: Box, token: number, limit: number): readonly Claimed[] {
    const claimed = this.#database
      .prepare(
        `UPDATE entry SET state = 1, token = ?, deliveries = deliveries + 1 WHERE seq IN
           (SELECT seq FROM entry WHERE inbox = ? AND state = 0 ORDER BY priority DESC, seq LIMIT ?)
         RETURNING seq, priority, failures, deliveries`,
      )
      .all(token, box.id, limit) as unknown as Claimed[];
    return claimed.sort((one, other) => other.priority - one.priority || one.seq - other.seq);
  }

  /** What was claimed, whole. Only reads, so it needs no transaction: nobody else changes what is held. */
  read(claimed: readonly Claimed[]): readonly Row[] {
    const range = this.#database.prepare(
      "SELECT seq, id, dedupe, source, key, headers, deliver_at, bytes FROM body WHERE seq BETWEEN ? AND ?",
    );
    const bodies = new Map<number, Body>();
    for (const run of runsOf(claimed.map(({ seq }) => seq))) {
      for (const body of range.all(run[0] ?? 0, run.at(-1) ?? 0))
        bodies.set(Number(body["seq"]), body as unknown as Body);
    }
    return claimed.map((entry) => ({ ...(bodies.get(entry.seq) ?? missing), ...entry }));
  }

  /** Gone for good; gives those that the token does not hold any more. */
  ack(box: Box, token: number, seqs: readonly number[]): readonly number[] {
    if (box.ordered) return seqs.filter((seq) => !this.#ackOne(box, token, seq));
    return runsOf(seqs).flatMap((run) =>
      this.#ackRun(token, run) ? [] : run.filter((seq) => !this.#ackOne(box, token, seq)),
    );
  }

  /** Waits, in its place, until `dueAt`; unless it `failed` it counts nowhere. */
  retry(token: number, seq: number, dueAt: number, failed: boolean): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE entry SET state = 2, token = NULL, due = ?, failures = failures + ?, deliveries = deliveries - ?
         WHERE seq = ? AND token = ?`,
      )
      .run(dueAt, Number(failed), Number(!failed), seq, token);
    return changes === 1;
  }

  bury(box: Box, token: number, seq: number): boolean {
    const buried = this.#database
      .prepare("UPDATE entry SET state = 3, token = NULL WHERE seq = ? AND token = ? RETURNING lane")
      .get(seq, token);
    if (buried === undefined) return false;
    this.#next(box, buried["lane"]);
    return true;
  }

  release(token: number, seq: number): boolean {
    const { changes } = this.#database
      .prepare("UPDATE entry SET state = 0, token = NULL, deliveries = deliveries - 1 WHERE seq = ? AND token = ?")
      .run(seq, token);
    return changes === 1;
  }

  /** Merges a note over an entry's headers. */
  note(seq: number, note: Headers): void {
    const row = this.#database.prepare("SELECT headers FROM body WHERE seq = ?").get(seq);
    const written = row?.["headers"];
    let headers: Headers = {};
    try {
      headers = typeof written === "string" ? headersOf(written) : {};
    } catch {
      // What a foreign hand broke stays out: the raw bytes are what counts of such a letter.
    }
    this.#database
      .prepare("UPDATE body SET headers = ? WHERE seq = ?")
      .run(JSON.stringify({ ...headers, ...note }), seq);
  }

  /** What is due becomes ready; gives how many did, and when the next one is. */
  promote(box: Box, now: number): { readonly promoted: number; readonly nextAt: number } {
    const next = this.#nextDue(box);
    if (next > now) return { promoted: 0, nextAt: next };
    const { changes } = this.#database
      .prepare("UPDATE entry SET state = 0, due = NULL WHERE inbox = ? AND state = 2 AND due <= ?")
      .run(box.id, now);
    return { promoted: Number(changes), nextAt: this.#nextDue(box) };
  }

  /** When the next delayed entry of a box is due, `Infinity` if none is. */
  nextDue(box: Box): number {
    return this.#nextDue(box);
  }

  depth(box: Box, priorities: number, now: number): Depth {
    const count = (sql: string, ...values: readonly number[]): number =>
      Number(this.#database.prepare(`SELECT count(*) AS count FROM entry WHERE ${sql}`).get(...values)?.["count"]);
    const due = count("inbox = ? AND state = 2 AND due <= ?", box.id, now);
    return {
      ready: count("inbox = ? AND state = 0", box.id) + count("inbox = ? AND state = 4", box.id) + due,
      inFlight: count("state = 1 AND token IN (SELECT token FROM lease WHERE inbox = ?)", box.id),
      delayed: count("inbox = ? AND state = 2 AND due > ?", box.id, now),
      dead: count("inbox = ? AND state = 3", box.id),
      oldestAt: this.#oldest(box, priorities),
    };
  }

  lastDead(box: Box): number {
    return Number(
      this.#database.prepare("SELECT max(seq) AS last FROM entry WHERE inbox = ? AND state = 3").get(box.id)?.[
        "last"
      ] ?? 0,
    );
  }

  /** A page of dead letters, oldest first. */
  letters(box: Box, after: number, upTo: number): readonly Row[] {
    return this.#database
      .prepare(
        `SELECT ${rowColumns} FROM entry LEFT JOIN body ON body.seq = entry.seq
         WHERE inbox = ? AND state = 3 AND entry.seq > ? AND entry.seq <= ? ORDER BY entry.seq LIMIT 100`,
      )
      .all(box.id, after, upTo) as unknown as Row[];
  }

  judge(box: Box, verdicts: Verdicts): void {
    for (const { seq, verdict } of verdicts) {
      if (verdict === "discard") this.#discard(seq);
      else this.#redrive(box, seq);
    }
  }

  #insert(box: Box, { keys, dueAts, priorities, lengths }: Packed, index: number, now: number): number {
    const lane = box.ordered ? (keys[index] ?? null) : null;
    const dueAt = dueAts[index];
    const waits = lane !== null && this.#isTaken(box, lane);
    const isDelayed = dueAt !== undefined && dueAt > now;
    const { lastInsertRowid } = this.#database
      .prepare(
        `INSERT INTO entry (inbox, state, priority, due, lane, failures, deliveries, bytes, stored_at)
         VALUES (?, ?, ?, ?, ?, 0, 0, ?, ?)`,
      )
      .run(
        box.id,
        waits ? state.blocked : isDelayed ? state.delayed : state.ready,
        priorities[index] ?? 0,
        isDelayed ? dueAt : null,
        lane,
        lengths[index] ?? 0,
        now,
      );
    return Number(lastInsertRowid);
  }

  /** Deletes a run of numbers as one range, which costs a fifth; false, and nothing is done, unless the token holds them all. */
  #ackRun(token: number, run: readonly number[]): boolean {
    const [first = 0, last = 0] = [run[0], run.at(-1)];
    if (first === last) return false;
    const held = this.#database
      .prepare("SELECT count(*) AS count FROM entry WHERE seq BETWEEN ? AND ? AND token = ?")
      .get(first, last, token);
    if (held?.["count"] !== run.length) return false;
    this.#database.prepare("DELETE FROM entry WHERE seq BETWEEN ? AND ?").run(first, last);
    this.#database.prepare("DELETE FROM body WHERE seq BETWEEN ? AND ?").run(first, last);
    return true;
  }

  #ackOne(box: Box, token: number, seq: number): boolean {
    const gone = this.#database.prepare("DELETE FROM entry WHERE seq = ? AND token = ? RETURNING lane").get(seq, token);
    if (gone === undefined) return false;
    this.#database.prepare("DELETE FROM body WHERE seq = ?").run(seq);
    this.#next(box, gone["lane"]);
    return true;
  }

  #discard(seq: number): void {
    const { changes } = this.#database.prepare("DELETE FROM entry WHERE seq = ? AND state = 3").run(seq);
    if (changes === 1) this.#database.prepare("DELETE FROM body WHERE seq = ?").run(seq);
  }

  #redrive(box: Box, seq: number): void {
    const letter = this.#database.prepare("SELECT lane FROM entry WHERE seq = ? AND state = 3").get(seq);
    if (letter === undefined) return;
    const waits = typeof letter["lane"] === "string" && this.#isTaken(box, letter["lane"]);
    this.#database
      .prepare("UPDATE entry SET state = ?, failures = 0, deliveries = 0, due = NULL WHERE seq = ?")
      .run(waits ? state.blocked : state.ready, seq);
  }

  /** Whether an entry of this lane is on its way already. */
  #isTaken(box: Box, lane: string): boolean {
    const first = this.#database
      .prepare("SELECT 1 FROM entry WHERE inbox = ? AND lane = ? AND lane IS NOT NULL AND state <> 3 LIMIT 1")
      .get(box.id, lane);
    return first !== undefined;
  }

  /** The next entry of a lane may go. */
  #next(box: Box, lane: unknown): void {
    if (typeof lane !== "string") return;
    this.#database
      .prepare(
        `UPDATE entry SET state = 0 WHERE state = 4 AND seq =
           (SELECT seq FROM entry WHERE inbox = ? AND lane = ? AND lane IS NOT NULL AND state <> 3 ORDER BY seq LIMIT 1)`,
      )
      .run(box.id, lane);
  }

  #nextDue(box: Box): number {
    const row = this.#database.prepare("SELECT min(due) AS due FROM entry WHERE inbox = ? AND state = 2").get(box.id);
    return typeof row?.["due"] === "number" ? row["due"] : Infinity;
  }

  #oldest(box: Box, priorities: number): number | undefined {
    let oldest: number | undefined;
    for (let priority = 0; priority < priorities; priority += 1) {
      const row = this.#database
        .prepare("SELECT stored_at FROM entry WHERE inbox = ? AND state = 0 AND priority = ? ORDER BY seq LIMIT 1")
        .get(box.id, priority);
      if (typeof row?.["stored_at"] === "number") oldest = Math.min(oldest ?? Infinity, row["stored_at"]);
    }
    return oldest;
  }
}

/** The numbers in ascending order, cut where one is missing. */
function runsOf(seqs: readonly number[]): readonly (readonly number[])[] {
  const runs: number[][] = [];
  let last = Number.NaN;
  for (const seq of seqs.toSorted((one, other) => one - other)) {
    if (seq === last + 1) runs.at(-1)?.push(seq);
    else runs.push([seq]);
    last = seq;
  }
  return runs;
}

const missing: Body = { id: null, dedupe: null, source: null, key: null, headers: null, deliver_at: null, bytes: null };
