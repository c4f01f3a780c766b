import { fork } from "node:child_process";
import { once as event } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { connect, idempotency, Postpone } from "@waybill/core";
import { sqlite, sqliteStore } from "@waybill/sqlite";
import { afterAll, describe, expect, test, vi } from "vitest";
import { Records } from "../src/records.ts";
import { orders } from "./fixtures/orders.ts";

const folder = mkdtempSync(join(tmpdir(), "waybill-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);

/** The file as the user has it. */
function userDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec("CREATE TABLE IF NOT EXISTS effect (text TEXT)");
  return database;
}

function effectsIn(database: DatabaseSync): readonly unknown[] {
  return database
    .prepare("SELECT text FROM effect")
    .all()
    .map(({ text }) => text);
}

describe("two stores on one file", () => {
  test("let one of many claims through, and tell the record to all others", async () => {
    const file = newFile();
    await using one = await sqliteStore(file);
    await using two = await sqliteStore(file);
    const owners = Array.from({ length: 20 }, (_, index) => String(index));
    const claims = await Promise.all(owners.map((owner) => (Number(owner) % 2 ? one : two).claim("k", owner, 60_000)));
    const winner = claims.indexOf("claimed");
    expect(claims.filter((claim) => claim === "claimed")).toHaveLength(1);
    expect(claims.filter((claim) => typeof claim === "object" && claim.state === "busy")).toHaveLength(19);
    const store = winner % 2 ? one : two;
    expect(await two.complete("k", "another", undefined, 60_000)).toBe(false);
    expect(await store.complete("k", String(winner), Uint8Array.of(1, 2), 60_000)).toBe(true);
    for (const asked of [one, two])
      expect(await asked.claim("k", "late", 60_000)).toEqual({ state: "done", record: Uint8Array.of(1, 2) });
  });

  test("give a claim to the next when it is given back, or its lease has ended, and know the first one's hand no more", async () => {
    const file = newFile();
    await using one = await sqliteStore(file);
    await using two = await sqliteStore(file);
    await one.claim("k", "a", 60_000);
    await two.release("k", "b");
    expect(await two.claim("k", "b", 1)).toMatchObject({ state: "busy" });
    await one.release("k", "a");
    expect(await two.claim("k", "b", 1)).toBe("claimed");
    await vi.waitFor(async () => expect(await one.claim("k", "c", 60_000)).toBe("claimed"));
    expect(await two.renew("k", "b", 60_000)).toBe(false);
    expect(await two.complete("k", "b", undefined, 60_000)).toBe(false);
    expect(await one.renew("k", "c", 60_000)).toBe(true);
  });
});

describe("a record in the user's own transaction", () => {
  test("is there with its effects, or neither is", async () => {
    const file = newFile();
    await using store = await sqliteStore(file);
    using database = userDatabase(file);
    database.exec("BEGIN IMMEDIATE; INSERT INTO effect VALUES ('lost')");
    store.record(database, "k");
    database.exec("ROLLBACK");
    expect(await store.claim("k", "a", 60_000)).toBe("claimed");
    database.exec("BEGIN IMMEDIATE; INSERT INTO effect VALUES ('kept')");
    store.record(database, "k");
    database.exec("COMMIT");
    expect(await store.claim("k", "b", 60_000)).toEqual({ state: "done", record: undefined });
    expect(await store.complete("k", "a", Uint8Array.of(1), 60_000), "its own handling goes on").toBe(true);
    expect(effectsIn(database)).toEqual(["kept"]);
  });

  test("is refused to who comes second, so that his effects are rolled back", async () => {
    const file = newFile();
    await using store = await sqliteStore(file);
    using database = userDatabase(file);
    database.exec("BEGIN IMMEDIATE");
    store.record(database, "k");
    database.exec("COMMIT; BEGIN IMMEDIATE");
    expect(() => store.record(database, "k")).toThrow(Postpone);
    database.exec("ROLLBACK");
  });

  test("is refused outside of a transaction and in another file", async () => {
    await using store = await sqliteStore(newFile());
    using other = userDatabase(newFile());
    expect(() => store.record(other, "k")).toThrow(/no transaction/);
    other.exec("BEGIN");
    expect(() => store.record(other, "k")).toThrow(/another file/);
  });

  test("stops the redelivery though its process was killed before the ack", async () => {
    const file = newFile();
    await using store = await sqliteStore(file);
    await using bus = await connect(`sqlite:${file}?leaseMs=500`, { adapters: [sqlite] });
    using database = userDatabase(file);
    let handled = 0;
    bus.use(idempotency({ store, lease: 300 }));
    await bus.send(orders, "o-1");
    const child = fork(new URL("./fixtures/dying-member.ts", import.meta.url), [file], { execArgv: [] });
    expect(await event(child, "exit")).toEqual([null, "SIGKILL"]);
    expect(await bus.inbox(orders).stats()).toMatchObject({ ready: 0, inFlight: 1 });
    await bus.work(orders, {}, () => void (handled += 1));
    const empty = { ready: 0, inFlight: 0, delayed: 0, dead: 0 };
    await vi.waitFor(async () => expect(await bus.inbox(orders).stats()).toMatchObject(empty), { timeout: 20_000 });
    expect([handled, effectsIn(database)]).toEqual([0, ["o-1"]]);
  });
});

test("what is over is forgotten, and the oldest above the bound", () => {
  const file = newFile();
  const records = new Records({ file, maxRecords: 2 });
  const complete = (key: string, ms: number): void => {
    const owner = "a";
    records.execute([{ id: 1, kind: "claim", key, owner, ms: 60_000 }]);
    records.execute([{ id: 2, kind: "complete", key, owner, record: undefined, ms }]);
  };
  complete("over", 0);
  for (const [index, key] of ["first", "second", "third"].entries()) complete(key, 60_000 + index);
  records.execute([{ id: 1, kind: "claim", key: "dead", owner: "a", ms: 0 }]);
  records.sweep();
  records.close();
  using database = new DatabaseSync(file);
  const keysOf = (table: string): readonly unknown[] =>
    database
      .prepare(`SELECT key FROM ${table} ORDER BY key`)
      .all()
      .map(({ key }) => key);
  expect([keysOf("waybill_record"), keysOf("waybill_claim")]).toEqual([["second", "third"], []]);
});

test("closing answers what was asked; afterwards it is closed", async () => {
  const store = await sqliteStore(newFile());
  const asked = store.claim("k", "a", 60_000);
  await store[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  expect(await asked).toBe("claimed");
  await expect(store.claim("k", "a", 60_000)).rejects.toMatchObject({ code: "CLOSED" });
});

test("a file that cannot be opened is told at once", async () => {
  await expect(sqliteStore(join(folder, "nowhere", "a.db"))).rejects.toMatchObject({ code: "CONFIG" });
  expect(() => sqliteStore(newFile(), { maxRecords: 0 })).toThrow(TypeError);
});
