import { DatabaseSync } from "node:sqlite";
import type { Worker } from "node:worker_threads";
import type { Delivery, Inbox, Place, Settlement, Source, WireMessage } from "@waybill/core";
import { afterEach, expect, test } from "vitest";
import { fromNow, message, newFile } from "./connection.ts";
import { connectTo, type Member, receive } from "./member.ts";

const shape = { kind: "topic", ordered: false, priorities: 1, retainMs: 0 } as const;
const topic: Source = { kind: "source", name: "t", shape };
const inbox: Inbox = { source: "t", shape, group: "g", ordered: false, ephemeral: false };
const places: readonly Place[] = [topic, { kind: "inbox", inbox, start: fromNow }];
const open: Member[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map(({ transport }) => transport.close()));
});

async function member(file: string, options: object = {}): Promise<Member> {
  const connected = await connectTo(file, { leaseMs: 600_000, ...options });
  open.push(connected);
  return connected;
}

async function send({ transport }: Member, ...messages: readonly WireMessage[]): Promise<void> {
  const results = await transport.send(topic, messages, { deadline: Infinity });
  expect(results).toEqual(messages.map(() => "stored"));
}

function acksOf(deliveries: readonly Delivery[]): readonly Settlement[] {
  return deliveries.map((delivery) => ({ delivery, outcome: "ack", sends: [] }));
}

/** The threads that connections start from now on. */
function watchWorkers(): { readonly workers: readonly Worker[] } & Disposable {
  const workers: Worker[] = [];
  const note = (worker: Worker): void => void workers.push(worker);
  process.on("worker", note);
  return { workers, [Symbol.dispose]: () => process.off("worker", note) };
}

test("a receiver made on an idle connection hears of another's messages at once, however long the lease", async () => {
  const { file } = newFile();
  const [publisher, consumer] = [await member(file), await member(file)];
  await publisher.transport.declare(places);
  const { basket } = await receive(consumer, inbox);
  const from = performance.now();
  await send(publisher, message("a"));
  await basket.has(1);
  expect(performance.now() - from).toBeLessThan(5_000);
});

test("a thread that dies is replaced: what it held is lost to its handlers, comes again, and nothing is lost", async () => {
  const { file } = newFile();
  using watched = watchWorkers();
  const dying = await member(file, { leaseMs: 300 });
  await dying.transport.declare(places);
  await send(dying, message("a"), message("b"));
  const { receiver, basket } = await receive(dying, inbox);
  await basket.has(2);
  const results = watched.workers[0]?.terminate().then(() => "ended");
  await basket.hasLost(2);
  expect(await receiver.settle(acksOf(basket.deliveries))).toEqual(["lost", "lost"]);
  expect(await results).toBe("ended");
  await basket.has(4);
  expect(basket.ids.slice(2)).toEqual(["a", "b"]);
  expect(await receiver.settle(acksOf(basket.deliveries.slice(2)))).toEqual(["settled", "settled"]);
  await send(dying, message("c"));
  await basket.has(5);
  expect(dying.reports.filter((kind) => kind !== "swept")).toEqual(["lost", "restored"]);
});

test("a receiver whose inbox was removed while its thread was dead ends alone, with why", async () => {
  const { file } = newFile();
  using watched = watchWorkers();
  const dying = await member(file);
  const other = await member(file);
  await dying.transport.declare(places);
  const { receiver } = await receive(dying, inbox);
  const [worker] = watched.workers;
  await Promise.all([worker?.terminate(), other.transport.remove({ kind: "inbox", inbox, start: fromNow })]);
  await expect(receiver.ended).rejects.toThrow(/group "g" of "t" was removed/);
  await dying.transport.declare(places);
  await send(dying, message("a"));
  expect(await dying.transport.depth(inbox)).toMatchObject({ ready: 1 });
});

test("a receiver whose inbox another process removes is told, and does not look alive", async () => {
  const { file } = newFile();
  const [remover, consumer] = [await member(file), await member(file)];
  await remover.transport.declare(places);
  await send(remover, message("a"));
  const { receiver, basket } = await receive(consumer, inbox);
  await basket.has(1);
  await remover.transport.remove({ kind: "inbox", inbox, start: fromNow });
  await expect(receiver.ended).rejects.toMatchObject({ code: "MISSING" });
  expect(basket.gone.map(({ id }) => id)).toEqual(["a"]);
});

test("what a foreign hand broke is delivered as malformed with its raw bytes, and the rest goes on", async () => {
  const { file } = newFile();
  const consumer = await member(file);
  await consumer.transport.declare(places);
  const broken = ["headers", "list", "number", "id", "body", "gone"];
  await send(consumer, ...[...broken, "sound"].map((id) => message(id)));
  const foreign = new DatabaseSync(file);
  foreign.exec(`UPDATE body SET headers = '{"a":' WHERE id = 'headers';
    UPDATE body SET headers = '["a"]' WHERE id = 'list';
    UPDATE body SET headers = '{"a":1}' WHERE id = 'number';
    UPDATE body SET bytes = 'text' WHERE id = 'body';
    DELETE FROM body WHERE id = 'gone';
    UPDATE body SET id = NULL WHERE id = 'id'`);
  foreign.close();
  const { receiver, basket } = await receive(consumer, inbox);
  await basket.has(7);
  const told = basket.deliveries.map(({ id, malformed, body }) => [id, malformed, Buffer.from(body).toString()]);
  expect(told).toEqual([
    ["headers", "the headers in the table are no JSON", "body of headers"],
    ["list", "the headers in the table are no object of strings", "body of list"],
    ["number", "the headers in the table are no object of strings", "body of number"],
    [expect.stringMatching(/^row-/), "the id in the table is no text", "body of id"],
    ["body", "the body in the table is no blob", "text"],
    [expect.stringMatching(/^row-/), "the id in the table is no text", ""],
    ["sound", undefined, "body of sound"],
  ]);
  const dead = basket.deliveries.map((delivery) => ({ delivery, outcome: "dead", note: { why: "broken" } }) as const);
  expect(new Set(await receiver.settle(dead))).toEqual(new Set(["settled"]));
  const letters: string[] = [];
  await consumer.transport.walk(
    inbox,
    (letter) => {
      letters.push(Buffer.from(letter.body).toString());
      return Promise.resolve("discard");
    },
    new AbortController().signal,
  );
  expect(letters).toEqual(told.map(([, , text]) => text));
});

test("while another process keeps the file locked, a send settles by its deadline and may be stored later", async () => {
  const { file } = newFile();
  const publisher = await member(file);
  await publisher.transport.declare(places);
  const other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  const sent = await publisher.transport.send(topic, [message("a")], { deadline: Date.now() + 100 });
  expect(sent).toMatchObject([{ outcome: "unknown", error: { code: "TIMEOUT" } }]);
  other.exec("ROLLBACK");
  other.close();
  const { basket } = await receive(publisher, inbox);
  await basket.has(1);
});

test("a connection gets its turn while two others write without a pause", async () => {
  const { file } = newFile();
  const busy = [await member(file), await member(file)];
  const modest = await member(file);
  await modest.transport.declare(places);
  let isOver = false;
  const writing = busy.map(async (writer) => {
    let written = 0;
    for (; !isOver; written += 1) await send(writer, message(`m-${written}`));
    return written;
  });
  const waits: number[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    const from = performance.now();
    await send(modest, message(`turn-${turn}`));
    waits.push(performance.now() - from);
  }
  isOver = true;
  expect(Math.min(...(await Promise.all(writing)))).toBeGreaterThan(0);
  expect(Math.max(...waits)).toBeLessThan(5_000);
});

const names = [
  "plain",
  "with a space",
  "a.b.c",
  "../../etc/passwd",
  'it\'s "quoted"; DROP TABLE entry; --',
  "%27 ? $1 :name",
  "naïve",
  "nai\u0308ve",
  "\u{1f4e6}\u{1f69a}",
  "\u202egnol",
  "x".repeat(300),
  "x".repeat(299) + "y",
  "PLAIN",
];

test("names are kept apart exactly, whatever is in them", async () => {
  const { file } = newFile();
  const connected = await member(file);
  for (const name of names) {
    const source: Source = { kind: "source", name, shape };
    const boxes = names.map(
      (group) => ({ kind: "inbox", inbox: { ...inbox, source: name, group }, start: fromNow }) as const,
    );
    await connected.transport.declare([source, ...boxes]);
    const sent = message(name, { source: name, key: name, headers: { [name]: name, "\ud800": "\udfff" } });
    expect(await connected.transport.send(source, [sent], { deadline: Infinity })).toEqual(["stored"]);
  }
  for (const name of names) {
    const { receiver, basket } = await receive(connected, { ...inbox, source: name, group: name });
    await basket.has(1);
    const headers = { [name]: name, "\ud800": "\udfff" };
    expect(basket.deliveries).toMatchObject([{ id: name, source: name, key: name, headers }]);
    await receiver.close();
  }
});

test("a walk over many letters shows each once, oldest first, page by page", async () => {
  const { file } = newFile();
  const connected = await member(file);
  await connected.transport.declare(places);
  const count = 2_500;
  const ids = Array.from({ length: count }, (_, index) => `m-${index}`);
  for (let at = 0; at < count; at += 250) {
    await send(connected, ...ids.slice(at, at + 250).map((id) => message(id)));
  }
  const killer = new DatabaseSync(file);
  killer.exec("UPDATE entry SET state = 3");
  killer.close();
  const seen: string[] = [];
  await connected.transport.walk(
    inbox,
    ({ id }) => {
      seen.push(id);
      return Promise.resolve("keep");
    },
    new AbortController().signal,
  );
  expect(seen).toEqual(ids);
  expect(await connected.transport.depth(inbox)).toMatchObject({ dead: count });
});
