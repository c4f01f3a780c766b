import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WaybillError } from "../src/errors.ts";
import type { Death } from "../src/note.ts";
import { deathNote, noteBytes, readNote, retryNote } from "../src/note.ts";
import type { Headers } from "../src/seam.ts";
import { bytesOf } from "./support.ts";

const ending = { reason: "exhausted", attempts: 3, deadAt: 2_000, source: "order.placed", group: "billing" } as const;

function hostile(): unknown[] {
  const revoked = Proxy.revocable(new Error("gone"), {});
  revoked.revoke();
  const getter = Object.defineProperty(new Error("x"), "message", {
    get: () => {
      throw new Error("no message for you");
    },
  });
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  return [
    undefined,
    null,
    5n,
    Symbol("s"),
    () => "x".repeat(10_000),
    cyclic,
    Object.create(null),
    revoked.proxy,
    getter,
    Object.assign(new Error("x"), { message: Object.create(null) as string }),
    Object.assign(new Error("x"), { name: "n".repeat(100_000), stack: "s".repeat(1_000_000) }),
    Object.assign(new Error("\u0000".repeat(10_000)), { name: "\u0000".repeat(1_000), stack: "\u0000".repeat(10_000) }),
    Object.assign(new Error("🚚".repeat(10_000)), { name: "\ud800".repeat(1_000), stack: "注".repeat(10_000) }),
    Object.assign(new WaybillError("BUSY", "x"), { code: "C".repeat(100_000) }),
    new Error("a", { cause: new Error("b".repeat(100_000)) }),
    { toString: () => 5, toJSON: () => ({}) },
    { toJSON: (): never => Reflect.ownKeys(null as unknown as object) as never },
    "\ud800".repeat(10_000),
  ];
}

function rebury(headers: Headers, error: unknown, over: Partial<Death> = {}): Headers {
  return { ...headers, ...deathNote(headers, { ...ending, ...over }, error) };
}

test("a death is read back as it was written", () => {
  const headers = deathNote({}, ending, new WaybillError("TIMEOUT", "it took too long"));
  const { death, history } = readNote(headers);
  expect(death).toEqual({
    ...ending,
    firstFailedAt: 2_000,
    error: { name: "WaybillError", message: "it took too long", code: "TIMEOUT", stack: death?.error.stack },
  });
  expect(death?.error.stack).toContain("note.test");
  expect(history).toEqual([]);
});

test.each([
  ["text", "string", "text"],
  [5, "number", "5"],
  [5n, "bigint", "5n"],
  [undefined, "undefined", "undefined"],
  [{ status: 402 }, "object", "{ status: 402 }"],
])("what is thrown is described: %#", (thrown, name, message) => {
  expect(readNote(deathNote({}, ending, thrown)).death?.error).toMatchObject({ name, message });
});

describe("it always fits", () => {
  test.each(hostile().map((error, index) => [index, error] as const))("hostile error %#", (_, error) => {
    let headers: Headers = {};
    for (let life = 0; life < 8; life += 1) {
      headers = rebury(headers, error, { source: '"'.repeat(255), group: "\\".repeat(255) });
      expect(bytesOf(headers)).toBeLessThanOrEqual(noteBytes);
      expect(readNote(headers).death?.reason).toBe("exhausted");
      headers = { ...headers, ...retryNote(headers, 3_000) };
      expect(bytesOf(headers)).toBeLessThanOrEqual(noteBytes);
    }
  });

  test("any error over any number of lives", () => {
    const long = fc.string({ unit: "binary", maxLength: 3_000 });
    const error = fc.oneof(
      fc.anything(),
      fc.record({ name: long, message: long, stack: long }).map((own) => Object.assign(new Error("x"), own)),
    );
    const name = fc.string({ unit: "binary", minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ error, source: name, group: name }), { minLength: 1, maxLength: 8 }),
        (lives) => {
          let headers: Headers = {};
          for (const { error: thrown, source, group } of lives) {
            headers = rebury(headers, thrown, { source, group });
            expect(bytesOf(headers)).toBeLessThanOrEqual(noteBytes);
            expect(readNote(headers).death).toMatchObject({ source, group });
            expect(headers["waybill-note"]?.isWellFormed()).toBe(true);
          }
        },
      ),
    );
  });

  test("a stack gives way before history does, and the oldest deaths before the newest", () => {
    let headers: Headers = {};
    for (let life = 1; life <= 6; life += 1) headers = rebury(headers, new Error("注".repeat(500)), { attempts: life });
    const { death, history } = readNote(headers);
    expect(death?.attempts).toBe(6);
    expect(death?.error.stack).toBeUndefined();
    expect(history.length).toBeGreaterThanOrEqual(3);
    expect(history.at(-1)).toMatchObject({ attempts: 5 });
  });
});

describe("through its lives", () => {
  test("the first failure's time is kept over retries and starts anew after a redrive", () => {
    const once = retryNote({}, 100);
    const twice = retryNote(once, 200);
    expect(readNote(twice).firstFailedAt).toBe(100);
    const dead = deathNote(twice, { ...ending, deadAt: 300 }, "no");
    expect(readNote(dead).death).toMatchObject({ firstFailedAt: 100, deadAt: 300 });
    const again = retryNote(dead, 400);
    expect(readNote(again)).toMatchObject({ firstFailedAt: 400, death: undefined });
    expect(readNote(deathNote(again, { ...ending, deadAt: 500 }, "no")).death).toMatchObject({ firstFailedAt: 400 });
  });

  test("a death moves into the history when the redriven message fails again, and stays there", () => {
    const dead = deathNote({}, ending, new Error("first"));
    const retried = retryNote(dead, 3_000);
    expect(readNote(retried).history).toMatchObject([{ reason: "exhausted", error: { message: "first" } }]);
    expect(readNote(retried).history[0]?.error.stack).toBeUndefined();
    const retriedAgain = retryNote(retried, 4_000);
    const deadAgain = deathNote(retriedAgain, { ...ending, reason: "permanent" }, new Error("second"));
    expect(readNote(deadAgain).death?.error.message).toBe("second");
    expect(readNote(deadAgain).history.map(({ error }) => error.message)).toEqual(["first"]);
  });

  test("a redriven message that dies at its first attempt keeps its earlier death too", () => {
    const deadAgain = deathNote(deathNote({}, ending, "first"), ending, "second");
    expect(readNote(deadAgain).history.map(({ error }) => error.message)).toEqual(["first"]);
  });

  test("five earlier deaths are kept, the newest", () => {
    let headers: Headers = {};
    for (let life = 1; life <= 9; life += 1) headers = rebury(headers, `life ${life}`);
    expect(readNote(headers).death?.error.message).toBe("life 9");
    expect(readNote(headers).history.map(({ error }) => error.message)).toEqual(
      [4, 5, 6, 7, 8].map((life) => `life ${life}`),
    );
  });
});

describe("a note that a foreign hand broke is read as none, and can be written over", () => {
  const death = { ...ending, firstFailedAt: 1, error: { name: "Error", message: "m" } };

  test.each([
    "",
    "{",
    "null",
    "5",
    '"text"',
    "[]",
    '{"history":5}',
    '{"history":"text"}',
    '{"history":[null,5,"x",{}]}',
    '{"death":null}',
    '{"death":5}',
    '{"death":{}}',
    JSON.stringify({ death: { ...death, error: null } }),
    JSON.stringify({ death: { ...death, error: { name: 5, message: "m" } } }),
    JSON.stringify({ death: { ...death, error: { ...death.error, stack: {} } } }),
    JSON.stringify({ death: { ...death, attempts: "3" } }),
    JSON.stringify({ history: [{ ...death, source: 5 }] }),
    '{"__proto__":{"death":{}}}',
    '{"firstFailedAt":"yesterday"}',
  ])("%s", (written) => {
    const headers = { "waybill-note": written };
    expect(readNote(headers)).toEqual({ firstFailedAt: undefined, death: undefined, history: [] });
    expect(readNote(retryNote(headers, 7)).firstFailedAt).toBe(7);
    expect(readNote(deathNote(headers, ending, "no")).death).toMatchObject({ firstFailedAt: 2_000 });
  });

  test("one that is too long gives way", () => {
    const long = { ...death, group: "g".repeat(50_000) };
    const headers = {
      "waybill-note": JSON.stringify({ death: long, history: [long, long, long, long, long, long, long] }),
    };
    expect(readNote(headers).history).toHaveLength(5);
    expect(bytesOf(retryNote(headers, 1))).toBeLessThanOrEqual(noteBytes);
    expect(bytesOf(deathNote(headers, ending, "no"))).toBeLessThanOrEqual(noteBytes);
  });

  test("any JSON at all", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const headers = { "waybill-note": JSON.stringify({ firstFailedAt: one, death: other, history: one }) };
        expect(bytesOf(retryNote(headers, 1))).toBeLessThanOrEqual(noteBytes);
        expect(readNote(deathNote(headers, ending, "no")).death?.error.message).toBe("no");
      }),
    );
  });
});
