import type { Inbox } from "@waybill/core";
import { expect, test } from "vitest";
import { Database } from "../src/database.ts";
import { pack } from "../src/wire.ts";
import { Connection, leaseMs, message, newFile } from "./connection.ts";

/** Notes every statement that is run, but for those of SQLite itself. */
class Watched extends Database {
  readonly statements: Set<string> = new Set();

  override prepare(sql: string): ReturnType<Database["prepare"]> {
    if (!sql.startsWith("PRAGMA")) this.statements.add(sql);
    return super.prepare(sql);
  }
}

const topic = { kind: "topic", ordered: true, priorities: 1, retainMs: 1_000 } as const;
const to = { kind: "source", name: "order.placed", shape: topic } as const;
const own: Inbox = { source: to.name, shape: topic, group: "own", ordered: true, ephemeral: false };
const pattern: Inbox = {
  ...own,
  source: "order.*",
  shape: { ...topic, kind: "pattern" },
  group: "all",
  ordered: false,
};
const brief: Inbox = { ...own, group: "brief", ephemeral: true };
const start = { from: "beginning", reset: true } as const;

/** Everything a connection can be asked. */
function useAll(connection: Connection): void {
  const now = Date.now();
  const inboxes = [own, pattern, brief].map((inbox) => ({ kind: "inbox", inbox, start }) as const);
  connection.ask("declare", [to, ...inboxes, ...inboxes]);
  const sent = ["a", "b", "c", "d", "e"].map((id) => message(id, { key: id, deliverAt: id === "e" ? now : undefined }));
  connection.ask("send", { to, messages: pack(sent) });
  connection.ask("declare", inboxes);
  for (const [index, inbox] of [own, pattern, brief].entries()) connection.join(index, inbox);
  connection.service.promote(now + 1);
  connection.feed();
  const rows = connection.told.flatMap((told) => (told.kind === "deliver" && told.receiver < 2 ? [told] : []));
  for (const {
    receiver,
    rows: { seqs },
  } of rows) {
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = seqs;
    connection.ask("settle", {
      receiver,
      acks: [a, b],
      others: [
        { seq: c, outcome: "dead", note: {} },
        { seq: d, outcome: "retry", delayMs: 1, failed: true, note: {} },
        { seq: e, outcome: "release" },
      ],
      effects: [],
    });
    const inbox = receiver === 0 ? own : pattern;
    connection.ask("depth", inbox);
    connection.ask("letters", { inbox, after: 0, upTo: undefined });
    connection.ask("judge", { inbox, verdicts: [{ seq: c, verdict: receiver === 0 ? "discard" : "redrive" }] });
  }
  connection.ask("send", {
    to: { kind: "reply", to: JSON.stringify(["source", to.name, "own"]) },
    messages: pack(sent),
  });
  connection.join(9, pattern, { settle: "first" });
  connection.service.attend(now);
  connection.service.renew(now);
  connection.ask("leave", { receiver: 2 });
  connection.ask("remove", inboxes[1] ?? to);
  for (let step = 0; step < 3; step += 1) connection.service.sweep(now + 2 * leaseMs + step);
  connection.ask("remove", to);
  connection.service.sweep(now + 10 * leaseMs);
}

/* Of these there is a row for each table, topic or change at most, looked up once for each change of the topology. */
const few = /^SCAN (topology|source|gone|json_each|sqlite_sequence)/;

test("no statement reads a whole table, however much waits", () => {
  const data = newFile();
  const database = new Watched(data);
  useAll(new Connection(data, database));
  expect(database.statements.size).toBeGreaterThan(50);
  const scans = [...database.statements].flatMap((sql) =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail))
      .filter((detail) => /^SCAN|TEMP B-TREE/.test(detail) && !few.test(detail))
      .map((detail) => `${detail}: ${sql}`),
  );
  expect(scans).toEqual([]);
});
