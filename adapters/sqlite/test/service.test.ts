import type { Inbox } from "@waybill/core";
import { expect, test } from "vitest";
import { pack } from "../src/wire.ts";
import { Connection, fromNow, leaseMs, message, newFile } from "./connection.ts";
import { thrownBy } from "@waybill/test-servers";

const shape = { kind: "queue", ordered: false, priorities: 1, retainMs: 0 } as const;
const source = { kind: "source", name: "q", shape } as const;
const inbox: Inbox = { source: "q", shape, group: "q", ordered: false, ephemeral: false };

function pair(): readonly [Connection, Connection] {
  const data = newFile();
  const connections = [new Connection(data), new Connection(data)] as const;
  connections[0].ask("declare", [source]);
  return connections;
}

function send(connection: Connection, ...ids: readonly string[]): void {
  connection.ask("send", { to: source, messages: pack(ids.map((id) => message(id))) });
}

test("a member that was stopped past its lease claims nothing before it has another", () => {
  const [stopped, other] = pair();
  stopped.join(1, inbox);
  other.service.sweep(Date.now() + 2 * leaseMs);
  send(other, "a");
  stopped.feed();
  expect(stopped.delivered).toEqual([]);
  expect(stopped.service.feeder.lapsed).toBe(true);
  stopped.service.renew(Date.now());
  stopped.feed();
  expect(stopped.delivered).toEqual(["a"]);
});

test("what a dead member held is others' at the end of its lease, and its own settlement is lost", () => {
  const [dead, other] = pair();
  send(dead, "a");
  dead.join(1, inbox);
  dead.feed();
  other.join(1, inbox);
  other.service.sweep(Date.now());
  other.feed();
  expect(other.delivered).toEqual([]);
  other.service.sweep(Date.now() + leaseMs + 1);
  expect(other.service.feeder.lapsed).toBe(false);
  other.feed();
  expect(other.delivered).toEqual(["a"]);
  expect(dead.ack(1, ["a"])).toEqual([dead.seqs.get("a")]);
  expect(other.ask("depth", inbox).inFlight).toBe(1);
  expect(other.ack(1, ["a"])).toEqual([]);
});

test("nobody waits for the clock to catch up when it was set back while a member held messages", () => {
  const [dead, other] = pair();
  const past = Date.now() - 3_600_000;
  send(dead, "a");
  dead.join(1, inbox);
  dead.feed();
  other.join(1, inbox);
  other.service.renew(past);
  expect(other.service.sweep(past)).toBeLessThanOrEqual(past + leaseMs);
  other.service.sweep(past + leaseMs + 1);
  other.feed();
  expect(other.delivered).toEqual(["a"]);
});

test("who leaves is given nothing more in that same transaction", () => {
  const [leaving, other] = pair();
  send(leaving, "a", "b");
  leaving.join(1, inbox, { window: 1 });
  leaving.feed();
  leaving.round(
    [
      { kind: "resize", ask: { receiver: 1, flow: { window: 10, bytes: 1_000, settle: "after" } } },
      { kind: "leave", ask: { receiver: 1 } },
    ],
    "all",
  );
  expect(leaving.delivered).toEqual(["a"]);
  other.join(1, inbox);
  other.feed();
  expect(other.delivered).toEqual(["a", "b"]);
});

test("who could not leave in peace leaves anyway, and his lease runs out", () => {
  const [leaving, other] = pair();
  send(leaving, "a");
  leaving.join(1, inbox);
  leaving.feed();
  leaving.service.failed({ kind: "leave", id: 1, ask: { receiver: 1 } });
  leaving.service.renew(Date.now() + leaseMs);
  other.join(1, inbox);
  other.service.sweep(Date.now() + leaseMs + 1);
  other.feed();
  expect(other.delivered).toEqual(["a"]);
});

test("a removed inbox ends the receivers of every connection, and nothing of it is claimed or left", () => {
  const [remover, receiving] = pair();
  send(remover, "a", "b");
  receiving.join(1, inbox, { window: 1 });
  receiving.feed();
  remover.ask("remove", { kind: "inbox", inbox, start: fromNow });
  receiving.ask("resize", { receiver: 1, flow: { window: 10, bytes: 1_000, settle: "after" } });
  receiving.feed();
  expect(receiving.ack(1, ["a"])).toEqual([receiving.seqs.get("a")]);
  receiving.service.attend(Date.now());
  expect(receiving.delivered).toEqual(["a"]);
  expect(receiving.told.at(-1)).toEqual({ kind: "gone", receiver: 1 });
  receiving.service.sweep(Date.now());
  const left = receiving.database.prepare("SELECT (SELECT count(*) FROM entry) + (SELECT count(*) FROM body) AS n");
  expect(left.get()?.["n"]).toBe(0);
});

test("an ephemeral inbox that was taken for dead is made again, and its owner is told that it missed something", () => {
  const [owner, other] = pair();
  const topic = { kind: "topic", ordered: false, priorities: 1, retainMs: 0 } as const;
  const events = { kind: "source", name: "t", shape: topic } as const;
  const own: Inbox = { source: "t", shape: topic, group: "mine", ordered: false, ephemeral: true };
  owner.ask("declare", [events, { kind: "inbox", inbox: own, start: fromNow }]);
  owner.join(1, own);
  other.service.sweep(Date.now() + 2 * leaseMs);
  expect(thrownBy(() => other.ask("depth", own)).code).toBe("MISSING");
  owner.service.attend(Date.now());
  expect(owner.told.at(-1)).toEqual({ kind: "missed", receiver: 1 });
  other.ask("send", { to: events, messages: pack([message("a")]) });
  owner.feed();
  expect(owner.delivered).toEqual(["a"]);
});

test("a transaction that came to nothing leaves no route behind that was never there", () => {
  const [one, other] = pair();
  const shared = { kind: "topic", ordered: false, priorities: 1, retainMs: 0 } as const;
  const events = { kind: "source", name: "t", shape: shared } as const;
  const inboxOf = (group: string): Inbox => ({ source: "t", shape: shared, group, ordered: false, ephemeral: false });
  const place = (group: string) => ({ kind: "inbox", inbox: inboxOf(group), start: fromNow }) as const;
  one.ask("declare", [events]);
  // What the failed transaction made and what is made later have the same numbers, and the topology the same version.
  expect(() =>
    one.round([
      { kind: "declare", ask: [place("first"), place("first of two")] },
      { kind: "send", ask: { to: events, messages: pack([message("never")]) } },
      { kind: "declare", ask: [{ ...events, shape: { ...shared, ordered: true } }] },
    ]),
  ).toThrow("ordered is false, asked for is true");
  other.ask("declare", [place("second"), { ...events, name: "another" }]);
  one.ask("send", { to: events, messages: pack([message("a")]) });
  expect(one.ask("depth", inboxOf("second")).ready).toBe(1);
  expect(one.database.prepare("SELECT count(*) AS count FROM entry").get()?.["count"]).toBe(1);
});

test("who settles leaves the keys that are over its part to the others, and takes them when nobody else did", () => {
  const ordered = { ...source, name: "o", shape: { ...shape, ordered: true } };
  const from: Inbox = { ...inbox, source: "o", group: "o", shape: ordered.shape, ordered: true };
  const [first, second] = pair();
  first.ask("declare", [ordered]);
  const messages = ["a1", "b1", "a2", "b2"].map((id) => message(id, { key: id.slice(0, 1) }));
  first.ask("send", { to: ordered, messages: pack(messages) });
  first.join(1, from);
  first.feed("part");
  expect(first.delivered).toEqual(["a1", "b1"]);
  second.join(1, from);
  first.ack(1, ["a1"]);
  first.feed("part");
  expect([first.delivered.length, first.service.feeder.left]).toEqual([2, true]);
  second.feed("part");
  expect(second.delivered).toEqual(["a2"]);
  first.ack(1, ["b1"]);
  first.feed("part");
  expect(first.delivered).toEqual(["a1", "b1", "b2"]);
});
