import type { Inbox, Place, Source, WireMessage } from "@waybill/core";
import { expect, test } from "vitest";
import { pack } from "../src/wire.ts";
import { Connection, message, newFile } from "./connection.ts";

const retainMs = 60_000;
const shape = { kind: "topic", ordered: true, priorities: 1, retainMs } as const;
const orders: Source = { kind: "source", name: "order.placed", shape };
const payments: Source = { kind: "source", name: "order.paid", shape };
const billing: Inbox = { source: "order.placed", shape, group: "billing", ordered: true, ephemeral: false };

function startOf(inbox: Inbox, from: "now" | "beginning" | number, reset = false): Place {
  return { kind: "inbox", inbox, start: { from, reset } };
}

function opened(): Connection {
  const connection = new Connection(newFile());
  connection.ask("declare", [orders, payments]);
  return connection;
}

function send(connection: Connection, to: Source, ...messages: readonly WireMessage[]): void {
  connection.ask("send", { to, messages: pack(messages.map((one) => ({ ...one, source: to.name }))) });
}

function keyed(id: string): WireMessage {
  return message(id, { key: id.slice(0, 1), headers: { of: id } });
}

function drain(connection: Connection, receiver: number): readonly string[] {
  for (let before = -1; before < connection.delivered.length;) {
    before = connection.delivered.length;
    connection.feed();
    connection.ack(receiver, connection.delivered.slice(before));
  }
  return connection.delivered;
}

function kept(connection: Connection): number {
  return Number(connection.database.prepare("SELECT count(*) AS count FROM log").get()?.["count"]);
}

test("a new group starts at the beginning, with each message as it was, by key in order, and goes on with new ones (SUB-8)", () => {
  const connection = opened();
  send(connection, orders, keyed("a1"), keyed("b1"), keyed("a2"), message("no key"));
  connection.ask("declare", [startOf(billing, "beginning")]);
  send(connection, orders, keyed("a3"));
  expect(connection.ask("depth", billing)).toMatchObject({ ready: 5 });
  connection.join(1, billing);
  expect(drain(connection, 1)).toEqual(["a1", "b1", "no key", "a2", "a3"]);
  const headers = connection.told.flatMap((told) => (told.kind === "deliver" ? told.rows.messages.headers : []));
  expect(headers).toContain('{"of":"a2"}');
});

test("a start in time gives what was stored then or later", () => {
  const connection = opened();
  send(connection, orders, keyed("a1"), keyed("a2"));
  connection.database.prepare("UPDATE log SET stored_at = 1000 WHERE id = 'a1'").run();
  connection.database.prepare("UPDATE log SET stored_at = 2000 WHERE id = 'a2'").run();
  const groups = [1000, 1001, 2000, 2001].map((from) => [from, { ...billing, group: `from-${from}` }] as const);
  connection.ask(
    "declare",
    groups.map(([from, inbox]) => startOf(inbox, from)),
  );
  expect(groups.map(([, inbox]) => connection.ask("depth", inbox).ready)).toEqual([2, 1, 1, 0]);
});

test("an existing group ignores its start, unless it is moved", () => {
  const connection = opened();
  send(connection, orders, keyed("a1"));
  connection.ask("declare", [startOf(billing, "now"), startOf(billing, "beginning")]);
  expect(connection.ask("depth", billing).ready).toBe(0);
  connection.ask("declare", [startOf(billing, "beginning", true)]);
  expect(connection.ask("depth", billing).ready).toBe(1);
  connection.ask("declare", [startOf(billing, "now", true)]);
  expect(connection.ask("depth", billing).ready).toBe(0);
});

test("a move drops what waits; dead letters stay, what is in flight can be settled and holds up its key", () => {
  const connection = opened();
  connection.ask("declare", [startOf(billing, "now")]);
  send(connection, orders, keyed("a1"), keyed("b1"), keyed("c1"), keyed("a2"));
  connection.join(1, billing);
  connection.feed();
  const [held = 0, dying = 0, waiting = 0] = ["a1", "b1", "c1"].map((id) => connection.seqs.get(id));
  connection.ask("settle", {
    receiver: 1,
    acks: [],
    others: [
      { seq: dying, outcome: "dead", note: {} },
      { seq: waiting, outcome: "retry", delayMs: 3_600_000, failed: true, note: {} },
    ],
    effects: [],
  });
  connection.ask("declare", [startOf(billing, "beginning", true)]);
  expect(connection.ask("depth", billing)).toMatchObject({ ready: 4, inFlight: 1, delayed: 0, dead: 1 });
  connection.feed();
  expect(connection.delivered).toEqual(["a1", "b1", "c1", "b1", "c1"]);
  expect(connection.ask("settle", { receiver: 1, acks: [held], others: [], effects: [] })).toEqual([]);
  connection.feed();
  expect(connection.delivered.at(-1)).toBe("a1");
});

test("what is not due yet waits on in a group that starts at the beginning (DLY-1)", () => {
  const connection = opened();
  const deliverAt = Date.now() + 3_600_000;
  const unordered: Inbox = { ...billing, group: "unordered", ordered: false };
  send(connection, orders, message("later", { key: "l", deliverAt }));
  connection.ask("declare", [startOf(billing, "beginning"), startOf(unordered, "beginning")]);
  for (const inbox of [billing, unordered]) {
    expect(connection.ask("depth", inbox)).toMatchObject({ ready: 0, delayed: 1 });
  }
});

test("a pattern's group starts with all its topics, in the order they were stored", () => {
  const connection = opened();
  send(connection, orders, keyed("a1"));
  send(connection, payments, keyed("a2"));
  send(connection, orders, keyed("a3"));
  const all: Inbox = { ...billing, source: "order.*", shape: { ...shape, kind: "pattern" }, group: "all" };
  connection.ask("declare", [startOf(all, "beginning")]);
  connection.join(1, all);
  expect(drain(connection, 1)).toEqual(["a1", "a2", "a3"]);
});

test("what was kept long enough goes in steps, and not before; without end it stays", () => {
  const connection = opened();
  const forever: Source = { kind: "source", name: "forever", shape: { ...shape, retainMs: Infinity } };
  connection.ask("declare", [forever, forever]);
  send(connection, forever, keyed("f1"));
  for (let at = 0; at < 2_500; at += 500) {
    send(connection, orders, ...Array.from({ length: 500 }, (_, index) => message(`m-${at + index}`)));
  }
  const now = Date.now();
  expect(connection.service.sweep(now + retainMs - 1_000)).toBeGreaterThan(now);
  expect(kept(connection)).toBe(2_501);
  expect(connection.service.sweep(now + retainMs + 1)).toBeLessThanOrEqual(now + retainMs + 1);
  expect(kept(connection)).toBe(1_501);
  for (let step = 0; step < 3; step += 1) connection.service.sweep(now + retainMs + 1);
  expect(kept(connection)).toBe(1);
});

test("a removed topic leaves nothing it has kept, and its name starts anew", () => {
  const connection = opened();
  send(connection, orders, keyed("a1"));
  connection.ask("remove", orders);
  connection.ask("declare", [orders, startOf(billing, "beginning")]);
  expect(connection.ask("depth", billing).ready).toBe(0);
  connection.service.sweep(Date.now());
  expect(kept(connection)).toBe(0);
});
