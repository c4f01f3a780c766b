import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { Database } from "../src/database.ts";
import type { WorkerData } from "../src/protocol.ts";
import { Connection, message, newFile } from "./connection.ts";
import { thrownBy } from "@waybill/test-servers";
import { pack } from "../src/wire.ts";

const shape = { kind: "queue", ordered: false, priorities: 1, retainMs: 0 } as const;
const source = { kind: "source", name: "q", shape } as const;
const inbox = { source: "q", shape, group: "q", ordered: false, ephemeral: false };

/** How opening it is refused: the code, and what to read. */
function refusal(data: WorkerData): string {
  const { code, message } = thrownBy(() => new Database(data));
  return `${code} ${message}`;
}

test("a directory that is not there, or is a file, is named", () => {
  const data = newFile();
  expect(refusal({ ...data, file: join(data.file, "sub", "w.db") })).toMatch(
    /^CONFIG .* the directory .*sub does not exist/,
  );
  writeFileSync(data.file, "");
  expect(refusal({ ...data, file: join(data.file, "w.db") })).toMatch(/^CONFIG .* is a file and no directory/);
});

test("a directory is no database", () => {
  const data = newFile();
  mkdirSync(data.file);
  expect(refusal(data)).toMatch(/^PERMISSION .*is a directory; give the path of a file/);
});

/* Root passes every check of rights, so the place that cannot be written is one where nobody can. */
test("a place that cannot be written, and a path that cannot be, are a matter of permission", () => {
  const data = newFile();
  expect(refusal({ ...data, file: "/proc/waybill.db" })).toMatch(
    /^PERMISSION .*cannot be opened; check that its path is a file/,
  );
  expect(refusal({ ...data, file: join(dirname(data.file), `${"x".repeat(300)}.db`) })).toMatch(
    /^PERMISSION .*ENAMETOOLONG/,
  );
});

test("a file that is no database is refused and left as it is", () => {
  const data = newFile();
  writeFileSync(data.file, "this is not a database, but a text that is long enough to be looked at ".repeat(100));
  const before = readFileSync(data.file);
  expect(refusal(data)).toMatch(/^CORRUPT .*no SQLite database; give Waybill a file of its own/);
  expect(readFileSync(data.file).equals(before)).toBe(true);
});

test("another program's database is refused and left as it is", () => {
  const data = newFile();
  const other = new DatabaseSync(data.file);
  other.exec("CREATE TABLE theirs (id); INSERT INTO theirs VALUES (1)");
  other.close();
  const before = readFileSync(data.file);
  expect(refusal(data)).toMatch(/^CORRUPT .*a database of another program/);
  expect(refusal({ ...data, topology: "verify" })).toMatch(/^CORRUPT .*a database of another program/);
  expect(readFileSync(data.file).equals(before)).toBe(true);
});

test("a newer schema is refused, with what to do", () => {
  const data = newFile();
  const database = new Database(data);
  database.prepare("PRAGMA user_version = 99").run();
  database.close();
  expect(refusal(data)).toMatch(/^CORRUPT .*its schema has version 99, .* upgrade @waybill\/sqlite/);
});

test("to verify, a file that is not there or has no schema is named, and nothing is made", () => {
  const data = newFile({ topology: "verify" });
  expect(refusal(data)).toMatch(/^MISSING .*does not exist/);
  writeFileSync(data.file, "");
  expect(refusal(data)).toMatch(/^MISSING .*the schema is not there/);
  expect(readFileSync(data.file)).toHaveLength(0);
});

test("a full file refuses publishers by name, its consumers drain it, and then there is room again", () => {
  const connection = new Connection(newFile({ maxPages: 60 }));
  connection.ask("declare", [source]);
  const send = (from: number): void => {
    const messages = Array.from({ length: 10 }, (_, index) =>
      message(`${from + index}`, { body: Buffer.alloc(1_000) }),
    );
    connection.ask("send", { to: source, messages: pack(messages) });
  };
  let sent = 0;
  const full = thrownBy(() => {
    for (; sent < 10_000; sent += 10) send(sent);
  });
  expect(full.code).toBe("FULL");
  expect(full.message).toContain("raise maxPages");
  expect(sent).toBeGreaterThan(100);
  expect(connection.ask("depth", inbox).ready).toBe(sent);
  connection.join(1, inbox, { window: sent, bytes: Infinity });
  connection.feed();
  expect(connection.delivered).toHaveLength(sent);
  expect(connection.ack(1, connection.delivered)).toEqual([]);
  expect(() => send(sent)).not.toThrow();
});

test("what a transaction throws has left nothing behind", () => {
  const database = new Database(newFile());
  expect(() =>
    database.write(() => {
      database.prepare("INSERT INTO gone VALUES ('inbox', 1)").run();
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(database.prepare("SELECT * FROM gone").all()).toEqual([]);
});
