import type { Inbox, Source, WireMessage } from "@waybill/core";
import { expect, test } from "vitest";
import { pack } from "../src/wire.ts";
import { Connection, leaseMs, message, newFile } from "./connection.ts";

const ordered = { kind: "queue", ordered: true, priorities: 1, retainMs: 0 } as const;
const source: Source = { kind: "source", name: "q", shape: ordered };
const inbox: Inbox = { source: "q", shape: ordered, group: "q", ordered: true, ephemeral: false };

function pair(...messages: readonly WireMessage[]): readonly [Connection, Connection] {
  const data = newFile();
  const connections = [new Connection(data), new Connection(data)] as const;
  connections[0].ask("declare", [source]);
  connections[0].ask("send", { to: source, messages: pack(messages) });
  return connections;
}

test("what is settled first never comes back from a member that dies, and its key goes on (ACK-6)", () => {
  const [dying, other] = pair(message("a1", { key: "a" }), message("a2", { key: "a" }), message("b1", { key: "b" }));
  dying.join(1, inbox, { settle: "first", window: 1 });
  dying.feed();
  expect(dying.delivered).toEqual(["a1"]);
  other.join(1, inbox);
  other.feed();
  expect(other.delivered).toEqual(["b1"]);
  other.service.sweep(Date.now() + leaseMs + 1);
  other.feed();
  expect(other.delivered).toEqual(["b1", "a2"]);
  expect(other.ask("depth", inbox)).toMatchObject({ ready: 0, inFlight: 2 });
});

test("what is settled first still lets one of a key be handled at a time (ORD-1)", () => {
  const [member] = pair(message("a1", { key: "a" }), message("a2", { key: "a" }));
  member.join(1, inbox, { settle: "first" });
  member.feed();
  expect(member.delivered).toEqual(["a1"]);
  member.ack(1, ["a1"]);
  member.feed();
  expect(member.delivered).toEqual(["a1", "a2"]);
});

test.each([
  { outcome: "release" },
  { outcome: "retry", delayMs: 0, failed: true, note: {} },
  { outcome: "dead", note: {} },
] as const)("what was settled first is gone, whatever becomes of it: $outcome", (settlement) => {
  const [member] = pair(message("a"));
  member.join(1, inbox, { settle: "first" });
  member.feed();
  const seq = member.seqs.get("a") ?? 0;
  expect(member.ask("settle", { receiver: 1, acks: [], others: [{ seq, ...settlement }], effects: [] })).toEqual([]);
  expect(member.ask("depth", inbox)).toMatchObject({ ready: 0, inFlight: 0, delayed: 0, dead: 0 });
});

test("who leaves in peace takes what was settled first with it", () => {
  const [member, other] = pair(message("a"));
  member.join(1, inbox, { settle: "first" });
  member.feed();
  member.ask("leave", { receiver: 1 });
  other.join(1, inbox);
  other.feed();
  expect(other.delivered).toEqual([]);
});

test("a window is bounded in bytes, and a message larger than all of it comes alone", () => {
  const large = Buffer.alloc(1_000);
  const [member] = pair(message("a", { body: large }), message("b"), message("c"));
  member.join(1, inbox, { bytes: 100 });
  member.feed();
  expect(member.delivered).toEqual(["a"]);
  member.ack(1, ["a"]);
  member.feed();
  expect(member.delivered).toEqual(["a", "b", "c"]);
});
