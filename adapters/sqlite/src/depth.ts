import type { Depth } from "@waybill/core";
import type { Database } from "./database.ts";
import type { Box } from "./topology.ts";

/** How much of an inbox is where, exact: each count goes over an index of that state alone (LIF-4). */
export function depthOf(database: Database, { id }: Box, now: number): Depth {
  const count = (sql: string, ...values: readonly number[]): number =>
    Number(database.prepare(`SELECT count(*) AS count FROM entry WHERE ${sql}`).get(...values)?.["count"]);
  const due = count("inbox = ? AND state = 2 AND due <= ?", id, now);
  return {
    ready: count("inbox = ? AND state = 0", id) + count("inbox = ? AND state = 4", id) + due,
    inFlight: count("state = 1 AND token IN (SELECT token FROM lease WHERE inbox = ?)", id),
    delayed: count("inbox = ? AND state = 2 AND due > ?", id, now),
    dead: count("inbox = ? AND state = 3", id),
    oldestAt: oldestOf(database, id),
  };
}

/** The first of each priority is its oldest. */
function oldestOf(database: Database, inbox: number): number | undefined {
  const first = database.prepare(
    `SELECT priority, stored_at FROM entry WHERE inbox = ? AND state = 0 AND priority < ?
     ORDER BY priority DESC, seq LIMIT 1`,
  );
  let oldest: number | undefined;
  for (let row = first.get(inbox, 2 ** 31); row !== undefined; row = first.get(inbox, Number(row["priority"]))) {
    oldest = Math.min(oldest ?? Infinity, Number(row["stored_at"]));
  }
  return oldest;
}
