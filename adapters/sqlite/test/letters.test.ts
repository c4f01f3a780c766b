import type { Inbox } from "@waybill/core";
import { expect, test } from "vitest";
import { pack } from "../src/wire.ts";
import { Connection, message, newFile } from "./connection.ts";

const shape = { kind: "queue", ordered: true, priorities: 1, retainMs: 0 } as const;
const source = { kind: "source", name: "q", shape } as const;
const inbox: Inbox = { source: "q", shape, group: "q", ordered: true, ephemeral: false };

/** A connection with these among the dead letters. */
function withDead(ids: readonly string[], bytes: number): Connection {
  const connection = new Connection(newFile());
  connection.ask("declare", [source]);
  const dead = ids.map((id) => message(id, { key: id, body: Buffer.alloc(bytes) }));
  for (const one of dead) connection.ask("send", { to: source, messages: pack([one]) });
  connection.database.prepare("UPDATE entry SET state = 3").run();
  return connection;
}

function pageOf(connection: Connection, after: number): readonly string[] {
  return connection.ask("letters", { inbox, after, upTo: undefined }).rows.messages.ids;
}

test("a page of letters is bounded in bytes, and never empty before the end", () => {
  const connection = withDead(["a", "b", "c", "d"], 3 * 2 ** 20);
  expect(pageOf(connection, 0)).toEqual(["a", "b"]);
  expect(pageOf(connection, 2)).toEqual(["c", "d"]);
  expect(pageOf(connection, 4)).toEqual([]);
});

test("a letter that somebody else has taken meanwhile is left alone", () => {
  const connection = withDead(["a", "b"], 1);
  connection.ask("judge", { inbox, verdicts: [{ seq: 1, verdict: "redrive" }] });
  connection.ask("judge", {
    inbox,
    verdicts: [
      { seq: 1, verdict: "discard" },
      { seq: 2, verdict: "discard" },
    ],
  });
  connection.ask("judge", { inbox, verdicts: [{ seq: 2, verdict: "redrive" }] });
  expect(connection.ask("depth", inbox)).toMatchObject({ ready: 1, dead: 0 });
});

test("a redriven letter waits behind what its key has in flight, and goes before what came after it (ORD-1)", () => {
  const connection = withDead(["dead"], 1);
  const later = ["x", "y"].map((id) => message(id, { key: "dead" }));
  connection.ask("send", { to: source, messages: pack(later) });
  connection.join(1, inbox);
  connection.feed();
  connection.ask("judge", { inbox, verdicts: [{ seq: 1, verdict: "redrive" }] });
  connection.feed();
  expect(connection.delivered).toEqual(["x"]);
  connection.ack(1, ["x"]);
  connection.feed();
  connection.ack(1, ["dead"]);
  connection.feed();
  expect(connection.delivered).toEqual(["x", "dead", "y"]);
});
