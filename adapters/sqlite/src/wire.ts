import type { Delivery, Headers, Placed, WireMessage } from "@waybill/core";

/**
 * Messages as they cross between the threads: columns of strings, and one piece of memory for all bodies, which is handed over
 * and not copied. Cloning them one by one costs three times as much.
 */
export interface Packed {
  readonly ids: readonly string[];
  readonly dedupes: readonly string[];
  readonly sources: readonly string[];
  readonly keys: readonly (string | undefined)[];
  readonly headers: readonly string[];
  readonly dueAts: readonly (number | undefined)[];
  readonly priorities: readonly number[];
  readonly lengths: readonly number[];
  readonly bodies: Uint8Array<ArrayBuffer>;
}

export function pack(messages: readonly WireMessage[]): Packed {
  return {
    ids: messages.map(({ id }) => id),
    dedupes: messages.map(({ dedupe }) => dedupe),
    sources: messages.map(({ source }) => source),
    keys: messages.map(({ key }) => key),
    headers: messages.map(({ headers }) => textOf(headers)),
    dueAts: messages.map(({ deliverAt }) => deliverAt),
    priorities: messages.map(({ priority }) => priority),
    lengths: messages.map(({ body }) => body.length),
    bodies: joined(messages.map(({ body }) => body)),
  };
}

/** The body of each message, a view of the shared memory. */
export function bodiesOf({ lengths, bodies }: Packed): readonly Uint8Array[] {
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return bodies.subarray(at - length, at);
  });
}

/** One entry as the worker reads it; what a foreign hand wrote may be of any type. */
export interface Row {
  readonly seq: number;
  readonly failures: number;
  readonly deliveries: number;
  readonly id: unknown;
  readonly dedupe: unknown;
  readonly source: unknown;
  readonly key: unknown;
  readonly headers: unknown;
  readonly deliver_at: unknown;
  readonly priority: number;
  readonly bytes: unknown;
}

/** Rows on their way to the user's thread. */
export interface PackedRows {
  readonly seqs: readonly number[];
  readonly failures: readonly number[];
  readonly deliveries: readonly number[];
  readonly messages: Packed;
  /** Why a row cannot be read, by its index. */
  readonly flaws: ReadonlyMap<number, string>;
}

export function packRows(rows: readonly Row[]): PackedRows {
  const flaws = new Map<number, string>();
  rows.forEach((row, index) => {
    const flaw = flawOf(row);
    if (flaw !== undefined) flaws.set(index, flaw);
  });
  const bodies = rows.map(({ bytes }) => bytesOf(bytes));
  return {
    seqs: rows.map(({ seq }) => seq),
    failures: rows.map(({ failures }) => failures),
    deliveries: rows.map(({ deliveries }) => deliveries),
    flaws,
    messages: {
      ids: rows.map(({ id, seq }) => text(id) ?? `row-${seq}`),
      dedupes: rows.map(({ dedupe, id, seq }) => text(dedupe) ?? text(id) ?? `row-${seq}`),
      sources: rows.map(({ source }) => text(source) ?? ""),
      keys: rows.map(({ key }) => text(key)),
      headers: rows.map(({ headers }, index) => (flaws.has(index) ? "" : (text(headers) ?? ""))),
      dueAts: rows.map(({ deliver_at }) => (typeof deliver_at === "number" ? deliver_at : undefined)),
      priorities: rows.map(({ priority }) => priority),
      lengths: bodies.map(({ length }) => length),
      bodies: joined(bodies),
    },
  };
}

/** A delivery, with its number in the file and its place among those in the user's hands. */
export interface Held extends Delivery, Placed {
  readonly seq: number;
}

export function unpackRows({ seqs, failures, deliveries, flaws, messages }: PackedRows): readonly Held[] {
  const { ids, dedupes, sources, keys, headers, dueAts, priorities } = messages;
  const bodies = bodiesOf(messages);
  return ids.map((id, index) => {
    return {
      id,
      dedupe: dedupes[index] ?? id,
      source: sources[index] ?? "",
      key: keys[index],
      headers: headersOf(headers[index] ?? ""),
      body: bodies[index] ?? nothing,
      deliverAt: dueAts[index],
      priority: priorities[index] ?? 0,
      failures: failures[index] ?? 0,
      deliveries: deliveries[index],
      malformed: flaws.get(index),
      seq: seqs[index] ?? 0,
      place: -1,
    };
  });
}

/** Headers as they stand in the file. What most messages have is written once. */
function textOf(headers: Headers): string {
  if (headers === lastHeaders) return lastText;
  lastText = JSON.stringify(headers);
  lastHeaders = headers;
  return lastText;
}

/** The headers of a text that `flawOf` has found in order. What most messages have is read once. */
export function headersOf(written: string): Headers {
  if (written === readText) return readHeaders;
  readHeaders = Object.freeze(written === "" ? {} : (JSON.parse(written) as Headers));
  readText = written;
  return readHeaders;
}

const nothing = new Uint8Array(0);

let lastHeaders: Headers | undefined;
let lastText = "";
let readText = "";
let readHeaders: Headers = {};
let soundText = "{}";

function flawOf({ id, headers, bytes }: Row): string | undefined {
  if (typeof id !== "string") return "the id in the table is no text";
  if (!(bytes instanceof Uint8Array)) return "the body in the table is no blob";
  if (typeof headers !== "string") return "the headers in the table are no text";
  if (headers === soundText) return undefined;
  try {
    const read: unknown = JSON.parse(headers);
    const isObject = typeof read === "object" && read !== null && !Array.isArray(read);
    if (!isObject || Object.values(read).some((value) => typeof value !== "string"))
      return "the headers in the table are no object of strings";
  } catch {
    return "the headers in the table are no JSON";
  }
  soundText = headers;
  return undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** What a foreign hand wrote instead of bytes comes as its text. */
function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return Buffer.from(typeof value === "string" || typeof value === "number" ? String(value) : "");
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
