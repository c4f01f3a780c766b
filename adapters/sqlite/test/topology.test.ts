import { addressOf, type Inbox, type Place, type Source } from "@waybill/core";
import { expect, test } from "vitest";
import { pack } from "../src/wire.ts";
import { Connection, fromNow, message, newFile } from "./connection.ts";
import { thrownBy } from "@waybill/test-servers";

const shape = { kind: "topic", ordered: false, priorities: 1, retainMs: 0 } as const;

function topic(name: string): Source {
  return { kind: "source", name, shape };
}

function group(source: string, name: string, kind: "topic" | "pattern" = "topic"): Inbox {
  return { source, shape: { ...shape, kind }, group: name, ordered: false, ephemeral: false };
}

function placeOf(inbox: Inbox): Place {
  return { kind: "inbox", inbox, start: fromNow };
}

function send(connection: Connection, to: Source, ...ids: readonly string[]): void {
  connection.ask("send", { to, messages: pack(ids.map((id) => message(id, { source: to.name }))) });
}

function ready(connection: Connection, inbox: Inbox): number | undefined {
  return connection.ask("depth", inbox).ready;
}

test("a pattern's group gets one copy from each topic that fits, made before or after it, and from no queue (SUB-4)", () => {
  const connection = new Connection(newFile());
  const all = group("order.#", "all", "pattern");
  const some = group("order.*", "some", "pattern");
  const own = group("order.placed", "own");
  const queue: Source = { kind: "source", name: "order.work", shape: { ...shape, kind: "queue" } };
  connection.ask("declare", [topic("order.placed"), placeOf(own), placeOf(all), placeOf(some)]);
  send(connection, topic("order.placed"), "a");
  connection.ask("declare", [topic("order.placed.again"), topic("orders"), queue]);
  for (const to of [topic("order.placed.again"), topic("orders"), queue]) send(connection, to, to.name);
  expect([all, some, own].map((inbox) => ready(connection, inbox))).toEqual([2, 1, 1]);
  connection.join(1, all);
  connection.feed();
  expect(connection.delivered).toEqual(["a", "order.placed.again"]);
});

test("a pattern and a topic of one name have groups of their own", () => {
  const connection = new Connection(newFile());
  const [exact, pattern] = [group("order.placed", "g"), group("order.placed", "g", "pattern")];
  connection.ask("declare", [topic("order.placed"), placeOf(exact), placeOf(pattern)]);
  send(connection, topic("order.placed"), "a");
  connection.ask("remove", placeOf(exact));
  expect(ready(connection, pattern)).toBe(1);
  expect(thrownBy(() => ready(connection, exact)).code).toBe("MISSING");
});

test("patterns reach into no other namespace", () => {
  const data = newFile();
  const [ours, theirs] = [new Connection(data), new Connection({ ...data, namespace: "theirs" })];
  const all = group("#", "all", "pattern");
  ours.ask("declare", [placeOf(all)]);
  theirs.ask("declare", [topic("order.placed"), placeOf(group("order.placed", "own"))]);
  send(theirs, topic("order.placed"), "a");
  expect(ready(ours, all)).toBe(0);
});

test("what other connections make and remove is routed to from the next message on", () => {
  const data = newFile();
  const [publisher, other] = [new Connection(data), new Connection(data)];
  const [one, two] = [group("t", "one"), group("t", "two")];
  publisher.ask("declare", [topic("t"), placeOf(one)]);
  send(publisher, topic("t"), "a");
  other.ask("declare", [placeOf(two)]);
  send(publisher, topic("t"), "b");
  other.ask("remove", placeOf(one));
  send(publisher, topic("t"), "c");
  expect(ready(publisher, two)).toBe(2);
  other.ask("remove", topic("t"));
  expect(thrownBy(() => send(publisher, topic("t"), "d")).code).toBe("NO_ROUTE");
});

test("in an ordered group of a pattern a key of several topics passes one by one", () => {
  const connection = new Connection(newFile());
  const all: Inbox = { ...group("order.*", "all", "pattern"), ordered: true };
  connection.ask("declare", [topic("order.placed"), topic("order.paid"), placeOf(all)]);
  for (const name of ["order.placed", "order.paid"]) {
    connection.ask("send", { to: topic(name), messages: pack([message(name, { source: name, key: "c" })]) });
  }
  connection.join(1, all);
  connection.feed();
  expect(connection.delivered).toEqual(["order.placed"]);
  connection.ack(1, ["order.placed"]);
  connection.feed();
  expect(connection.delivered).toEqual(["order.placed", "order.paid"]);
});

test("behind its key, a delayed message is still not early (DLY-1)", () => {
  const connection = new Connection(newFile());
  const all: Inbox = { ...group("t", "g"), ordered: true };
  connection.ask("declare", [topic("t"), placeOf(all)]);
  const deliverAt = Date.now() + 3_600_000;
  const messages = [message("now", { key: "c" }), message("later", { key: "c", deliverAt })];
  connection.ask("send", { to: topic("t"), messages: pack(messages) });
  connection.join(1, all);
  connection.feed();
  connection.ack(1, ["now"]);
  connection.feed();
  expect(connection.delivered).toEqual(["now"]);
  connection.service.promote(deliverAt);
  connection.feed();
  expect(connection.delivered).toEqual(["now", "later"]);
});

test("a reply goes to the one inbox of its address; where that is gone, or is no address, it is refused", () => {
  const connection = new Connection(newFile());
  const [mine, pattern] = [group("t", "mine"), group("t", "mine", "pattern")];
  connection.ask("declare", [topic("t"), placeOf(mine), placeOf(pattern)]);
  const reply = (to: string): void => {
    connection.ask("send", { to: { kind: "reply", to }, messages: pack([message("r")]) });
  };
  reply(addressOf(mine));
  expect([mine, pattern].map((inbox) => ready(connection, inbox))).toEqual([1, 0]);
  connection.ask("remove", placeOf(mine));
  for (const to of [addressOf(mine), "", "{", "null", '["source","t"]', '["pattern",1,"mine"]', "' OR 1=1"]) {
    expect(thrownBy(() => reply(to)).code).toBe("NO_ROUTE");
  }
  expect(ready(connection, pattern)).toBe(0);
});

test("a handler's reply that nobody waits for any more is dropped, and its message is settled (RPC-1)", () => {
  const connection = new Connection(newFile());
  const requests = group("requests", "workers");
  connection.ask("declare", [topic("requests"), placeOf(requests)]);
  send(connection, topic("requests"), "a");
  connection.join(1, requests);
  connection.feed();
  const gone = { kind: "reply", to: addressOf(group("t", "gone")) } as const;
  const lost = connection.ask("settle", {
    receiver: 1,
    acks: [],
    others: [{ seq: connection.seqs.get("a") ?? 0, outcome: "ack", sends: [0] }],
    effects: [{ to: gone, messages: pack([message("r")]) }],
  });
  expect(lost).toEqual([]);
  expect(connection.ask("depth", requests)).toMatchObject({ ready: 0, inFlight: 0 });
});
