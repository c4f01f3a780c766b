import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { userHeaders } from "../src/headers.ts";
import { readNote } from "../src/note.ts";
import { check, read, Unreadable } from "../src/reader.ts";
import { queue } from "../src/queue.ts";
import type { Delivery } from "../src/seam.ts";
import { deathNote } from "../src/note.ts";
import { delivery } from "./support.ts";

/* What comes from the wire was written by anyone: it ends as data or as `Unreadable`, and changes nothing else (FLT-3). */

const jobs = queue("jobs", { schema: z.any() });
const structured = { "content-type": "application/cloudevents+json" };
const names = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "data",
  "id",
  "type",
  "specversion",
];

/** What every object inherits, as it was before. */
const inherited = Reflect.ownKeys(Object.prototype).length;

afterEach(() => {
  if (Reflect.ownKeys(Object.prototype).length !== inherited) throw new Error("something was added to every object");
});

function received(text: string, headers: Readonly<Record<string, string>> = {}): Delivery {
  return delivery("1", { headers: { ...structured, ...headers }, body: Buffer.from(text) });
}

async function handled(message: Delivery): Promise<unknown> {
  try {
    return await check(jobs, read(jobs, message));
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return undefined;
  }
}

test("keys that are members of every object stay data, and inherit nothing", async () => {
  const event = `{"specversion":"1.0","id":"1","type":"jobs","source":"x","__proto__":{"polluted":1},"data":`;
  const data = await handled(
    received(`${event}{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}`),
  );
  expect(Object.keys(data as object)).toEqual(["__proto__", "constructor"]);
  expect((data as Record<string, unknown>)["polluted"]).toBeUndefined();
  expect(await handled(received(`{"__proto__":${event}1}}`))).toBeUndefined();
});

test("headers of such names come back as they are", () => {
  const headers = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c","mine":"d"}') as Record<string, string>;
  const seen = userHeaders(headers);
  expect(Object.entries(seen)).toEqual(Object.entries(headers));
  expect(readNote(headers).death).toBeUndefined();
  expect(
    deathNote(headers, { reason: "invalid", attempts: 0, deadAt: 1, source: "s", group: "g" }, "no"),
  ).toBeDefined();
});

test("a hundred thousand levels deep are data like any other", async () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const event = `{"specversion":"1.0","id":"1","type":"jobs","source":"x","data":${deep}}`;
  expect(await handled(received(event))).toHaveLength(1);
  expect(await handled(received(deep))).toBeUndefined();
  expect(readNote({ "waybill-note": `{"death":${deep},"history":${deep}}` })).toMatchObject({ history: [] });
});

test("any JSON with hostile names, as body, as headers and as note", async () => {
  const value = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom("1.0", "jobs", "x", Infinity, -1, "99999999999999999999", "1e3"),
      fc
        .array(fc.tuple(fc.constantFrom(...names, "source", "dataversion", "time", "data_base64"), tie("any")))
        .map(jsonOf),
    ),
  })).any;
  await fc.assert(
    fc.asyncProperty(value, value, async (event, note) => {
      const text = typeof event === "string" ? event : JSON.stringify(event);
      await handled(received(text, { "waybill-note": JSON.stringify(note) }));
      await handled(
        delivery("1", { headers: { ce_specversion: "1.0", ce_id: "1", ce_type: "jobs", ce_dataversion: text } }),
      );
      readNote({ "waybill-note": JSON.stringify(note) });
    }),
  );
});

/** An object of its own members only, `__proto__` among them. */
function jsonOf(entries: readonly (readonly [string, unknown])[]): unknown {
  return Object.fromEntries(entries);
}
