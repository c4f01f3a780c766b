import type { Headers } from "@waybill/core";
import type { Database } from "./database.ts";
import type { Lanes } from "./lanes.ts";
import { state } from "./schema.ts";
import type { Box } from "./topology.ts";
import { bodiesOf, headersOf, type Packed, type Row } from "./wire.ts";

/** How many delayed entries become ready in one transaction. */
const dueAtOnce = 5_000;

/** What the claiming of an entry tells of it. */
export type Claimed = Pick<Row, "seq" | "priority" | "failures" | "deliveries">;

type Body = Omit<Row, keyof Claimed>;

/** Who holds entries: the lease, and the box they are in. */
export interface Holder {
  readonly box: Box;
  readonly token: number;
}

/** What an entry can undergo. Every call belongs into a transaction: a move is one step. */
export class Entries {
  readonly #database: Database;
  readonly #lanes: Lanes;

  constructor(database: Database, lanes: Lanes) {
    this.#database = database;
    this.#lanes = lanes;
  }

  /** Stores each message once in each box. */
  store(boxes: readonly Box[], messages: Packed, now: number): void {
    const insertBody = this.#database.prepare("INSERT INTO body VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    const { ids, dedupes, sources, keys, headers, dueAts } = messages;
    const bodies = bodiesOf(messages);
    for (const box of boxes) {
      for (const [index, id] of ids.entries()) {
        const seq = this.#insert(box, messages, index, now);
        const [dedupe = id, source = "", written = "{}"] = [dedupes[index], sources[index], headers[index]];
        insertBody.run(
          seq,
          id,
          dedupe,
          source,
          keys[index] ?? null,
          written,
          dueAts[index] ?? null,
          bodies[index] ?? nothing,
        );
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
  claim({ box, token }: Holder, limit: number): readonly Claimed[] {
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
  ack({ box, token }: Holder, seqs: readonly number[], now: number): readonly number[] {
    if (box.ordered) return seqs.filter((seq) => !this.#ackOne(box, token, seq, now));
    return runsOf(seqs).flatMap((run) =>
      this.#ackRun(token, run) ? [] : run.filter((seq) => !this.#ackOne(box, token, seq, now)),
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

  bury({ box, token }: Holder, seq: number, now: number): boolean {
    const buried = this.#database
      .prepare("UPDATE entry SET state = 3, token = NULL WHERE seq = ? AND token = ? RETURNING lane")
      .get(seq, token);
    if (buried === undefined) return false;
    this.#lanes.next(box.id, buried["lane"], now);
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

  /** Makes ready what is due, as much as goes in one step. */
  promote(box: Box, now: number): void {
    this.#database
      .prepare(
        `UPDATE entry SET state = 0, due = NULL WHERE seq IN
           (SELECT seq FROM entry WHERE inbox = ? AND state = 2 AND due <= ? ORDER BY due LIMIT ${dueAtOnce})`,
      )
      .run(box.id, now);
  }

  /** When the next delayed entry of a box is due, `Infinity` if none is. */
  nextDue(box: Box): number {
    const row = this.#database.prepare("SELECT min(due) AS due FROM entry WHERE inbox = ? AND state = 2").get(box.id);
    return typeof row?.["due"] === "number" ? row["due"] : Infinity;
  }

  /** What a member held is anyone's again, still counted as a delivery (ACK-2). */
  giveBackAll(token: number): void {
    this.#database.prepare("UPDATE entry SET state = 0, token = NULL WHERE token = ? AND state = 1").run(token);
  }

  /** What a member held is gone for good. */
  forgetAll(inbox: number, token: number, now: number): void {
    const gone = this.#database
      .prepare("DELETE FROM entry WHERE token = ? AND state = 1 RETURNING seq, lane")
      .all(token);
    for (const { seq, lane } of gone) {
      this.#database.prepare("DELETE FROM body WHERE seq = ?").run(Number(seq));
      this.#lanes.next(inbox, lane, now);
    }
  }

  /** Takes out what is ready, delayed or behind another; what is in flight and the dead letters stay. */
  clear(box: Box): void {
    for (const which of [state.ready, state.delayed, state.blocked]) {
      // An index of one state is only used where the statement names the state.
      const entries = `inbox = ? AND state = ${which}`;
      this.#database.prepare(`DELETE FROM body WHERE seq IN (SELECT seq FROM entry WHERE ${entries})`).run(box.id);
      this.#database.prepare(`DELETE FROM entry WHERE ${entries}`).run(box.id);
    }
  }

  #insert(box: Box, { keys, dueAts, priorities, lengths }: Packed, index: number, now: number): number {
    const lane = box.ordered ? (keys[index] ?? null) : null;
    const dueAt = dueAts[index];
    const waits = lane !== null && this.#lanes.isTaken(box.id, lane);
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

  #ackOne(box: Box, token: number, seq: number, now: number): boolean {
    const gone = this.#database.prepare("DELETE FROM entry WHERE seq = ? AND token = ? RETURNING lane").get(seq, token);
    if (gone === undefined) return false;
    this.#database.prepare("DELETE FROM body WHERE seq = ?").run(seq);
    this.#lanes.next(box.id, gone["lane"], now);
    return true;
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
const nothing = new Uint8Array(0);
