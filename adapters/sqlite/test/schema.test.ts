import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Inbox } from "@waybill/core";
import { expect, test } from "vitest";
import { Database } from "../src/database.ts";
import { newestVersion } from "../src/schema.ts";
import { pack } from "../src/wire.ts";
import { Connection, fromNow, message, newFile } from "./connection.ts";

const orders = { kind: "topic", ordered: true, priorities: 1, retainMs: 0 } as const;
const mails = { kind: "queue", ordered: false, priorities: 3, retainMs: 0 } as const;
const billing: Inbox = { source: "order.placed", shape: orders, group: "billing", ordered: true, ephemeral: false };
const mail: Inbox = { source: "email.send", shape: mails, group: "email.send", ordered: false, ephemeral: false };
const audit: Inbox = {
  source: "order.*",
  shape: { ...orders, kind: "pattern" },
  group: "audit",
  ordered: true,
  ephemeral: false,
};

/** A file as version 1 left it, messages in every state: ready, held by a member that died, delayed, dead, behind another. */
function fileOfVersion1(): ReturnType<typeof newFile> {
  const data = newFile({ namespace: "shop" });
  const database = new DatabaseSync(data.file);
  database.exec(readFileSync(new URL("./fixtures/version-1.sql", import.meta.url), "utf8"));
  database.close();
  return data;
}

function handled(connection: Connection, receiver: number): void {
  for (let before = -1; before < connection.delivered.length;) {
    before = connection.delivered.length;
    connection.feed();
    connection.ack(receiver, connection.delivered.slice(before));
  }
}

test("a file of version 1 is upgraded and drained, in order, and its dead letters can be redriven (LAY-2)", () => {
  const connection = new Connection(fileOfVersion1());
  connection.ask("declare", [
    { kind: "source", name: "order.placed", shape: orders },
    { kind: "inbox", inbox: billing, start: fromNow },
  ]);
  // What was held comes back at the end of its lease; the listener's inbox, whose lease is over too, goes.
  connection.service.sweep(Number.MAX_SAFE_INTEGER);
  connection.join(1, billing);
  handled(connection, 1);
  expect(connection.delivered).toEqual(["again", "held", "no-key", "behind-again", "behind-held"]);

  const { rows, upTo } = connection.ask("letters", { inbox: billing, after: 0, upTo: undefined });
  expect(rows.messages.ids).toEqual(["dead"]);
  expect(rows.messages.headers).toEqual(['{"content-type":"text/plain","why":"refused"}']);
  connection.ask("judge", { inbox: billing, verdicts: [{ seq: upTo, verdict: "redrive" }] });
  handled(connection, 1);
  expect(connection.delivered.at(-1)).toBe("dead");

  connection.join(2, mail);
  connection.service.promote(Date.now());
  handled(connection, 2);
  expect(connection.delivered.slice(-3)).toEqual(["mail-high", "mail-delayed", "mail-low"]);
  connection.service.sweep(Date.now());
  const left = connection.database.prepare("SELECT (SELECT count(*) FROM entry) + (SELECT count(*) FROM body) AS n");
  expect(left.get()?.["n"]).toBe(0);
});

test("what came with version 2 works in a file of version 1", () => {
  const connection = new Connection(fileOfVersion1());
  connection.ask("declare", [{ kind: "inbox", inbox: audit, start: fromNow }]);
  const to = { kind: "source", name: "order.placed", shape: orders } as const;
  connection.ask("send", { to, messages: pack([message("new", { source: "order.placed", key: "c-1" })]) });
  expect(connection.ask("depth", audit).ready).toBe(1);
  expect(connection.ask("depth", billing).ready).toBe(5);
});

test("another process that opens the file meanwhile finds it upgraded", () => {
  const data = fileOfVersion1();
  const [one, other] = [new Database(data), new Database(data)];
  expect(one.prepare("PRAGMA user_version").get()?.["user_version"]).toBe(newestVersion);
  expect(other.prepare("SELECT version FROM topology").all()).toEqual(
    one.prepare("SELECT version FROM topology").all(),
  );
});

test("to verify, an older version is named and left as it is", () => {
  const data = fileOfVersion1();
  expect(() => new Database({ ...data, topology: "verify" })).toThrow(
    `its schema has version 1 of ${newestVersion}, and topology is "verify"; connect once with "create"`,
  );
  const database = new DatabaseSync(data.file);
  expect(database.prepare("PRAGMA user_version").get()?.["user_version"]).toBe(1);
  database.close();
});
