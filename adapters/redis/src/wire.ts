import type { Buffer } from "node:buffer";
import type { Delivery, Headers, Placed, WireMessage } from "@waybill/core";

/*
 * A message is an entry with two fields. `d` is the body as it is. `m` is a JSON array of all the rest, cut off where only
 * defaults follow: `[id, source, key, headers, priority, deliverAt, failures, deliveries, publishedAt]`, where headers are an object, or 1
 * for those of most messages: one content type, that of a structured CloudEvent.
 */

/** What of a message changes while it is moved. */
export interface Counts {
  readonly failures: number;
  /** Before the present one. */
  readonly deliveries: number;
  /** Epoch ms by the server's clock; undefined where the entry's own id says it. */
  readonly at: number | undefined;
}

/** A delivery, with where it is in Redis. */
export interface Held extends Delivery, Placed {
  /** The entry's id in its stream. */
  readonly entry: string;
  readonly level: number;
  /** When it was first stored, if it has moved since; `storedAt` knows. */
  readonly at: number | undefined;
}

const usual = "application/cloudevents+json";
const usualHeaders: Headers = Object.freeze({ "content-type": usual });
const plainId = /^[\w.:-]+$/;

/** `m` of a message that is published. */
export function metaOf(message: WireMessage): string {
  const { id, source, key, headers, priority, deliverAt } = message;
  const written = plainId.test(id) ? `"${id}"` : JSON.stringify(id);
  if (priority === 0 && deliverAt === undefined) {
    return key === undefined
      ? `[${written},${restOf(source, headers)}`
      : `[${written},${quoted(source)},${JSON.stringify(key)},${headersText(headers)}]`;
  }
  return JSON.stringify([id, source, key ?? null, isUsual(headers) ? 1 : headers, priority, deliverAt ?? null]);
}

/** `m` of a message that moves. */
export function movedMeta(message: WireMessage, { failures, deliveries, at }: Counts): string {
  const { id, source, key, headers, priority, deliverAt } = message;
  const written = isUsual(headers) ? 1 : headers;
  return JSON.stringify([
    id,
    source,
    key ?? null,
    written,
    priority,
    deliverAt ?? null,
    failures,
    deliveries,
    at ?? null,
  ]);
}

/** What stands in Redis, as it was read. */
export interface Stored {
  readonly entry: string;
  readonly level: number;
  /** How often this entry was delivered. */
  readonly times: number;
  /** Null where it is no entry of ours. */
  readonly meta: Buffer | null;
  readonly body: Buffer;
}

/** Whatever stands there, as a delivery: what cannot be read is malformed and has a body all the same (DLQ-3). */
export function heldOf({ entry, level, times, meta, body }: Stored): Held {
  const read = meta === null ? "the entry has no fields m and d" : readMeta(meta);
  const malformed = typeof read === "string" ? read : undefined;
  const [id, source, key, headers, priority, deliverAt, failures, deliveries, at] =
    typeof read === "string" ? ([`entry-${entry}`, "", null, noHeaders, level] satisfies Meta) : read;
  return {
    id,
    dedupe: id,
    source,
    key: key ?? undefined,
    headers: headersOf(headers),
    body,
    deliverAt: deliverAt ?? undefined,
    priority: priority ?? 0,
    failures: failures ?? 0,
    deliveries: (deliveries ?? 0) + times,
    malformed,
    entry,
    level,
    at: at ?? undefined,
    place: -1,
  };
}

/** When a message was first stored, epoch ms by the server's clock. */
export function storedAt({ at, entry }: Pick<Held, "at" | "entry">): number {
  return at ?? Number.parseInt(entry, 10);
}

/** The numbers a delivery goes on with: a failure counts in both, what was given back in none. */
export function countsAfter(held: Held, end: "failed" | "uncounted"): Counts {
  const isFailure = end === "failed";
  const deliveries = held.deliveries ?? 1;
  return {
    failures: held.failures + (isFailure ? 1 : 0),
    deliveries: isFailure ? deliveries : deliveries - 1,
    at: storedAt(held),
  };
}

type Meta = [
  id: string,
  source: string,
  key?: string | null,
  headers?: 1 | Headers,
  priority?: number,
  deliverAt?: number | null,
  failures?: number,
  deliveries?: number,
  at?: number | null,
];

const noHeaders: Headers = Object.freeze({});

/** A text says what is wrong with it. */
function readMeta(meta: Buffer): Meta | string {
  let read: unknown;
  try {
    read = JSON.parse(meta.toString());
  } catch {
    return "the field m is no JSON";
  }
  return isMeta(read) ? read : "the field m is not what was written there";
}

function isMeta(read: unknown): read is Meta {
  if (!Array.isArray(read)) return false;
  const [id, source, key, headers, ...numbers] = read as readonly unknown[];
  return (
    typeof id === "string" &&
    typeof source === "string" &&
    (key === undefined || key === null || typeof key === "string") &&
    (headers === undefined || headers === 1 || areHeaders(headers)) &&
    [numbers[0], numbers[2], numbers[3]].every(isCount) &&
    [numbers[1], numbers[4]].every(isTime)
  );
}

function isCount(count: unknown): boolean {
  return count === undefined || count === null || (Number.isSafeInteger(count) && Number(count) >= 0);
}

function isTime(time: unknown): boolean {
  return time === undefined || time === null || Number.isFinite(time);
}

function areHeaders(headers: unknown): boolean {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return false;
  return Object.values(headers).every((value) => typeof value === "string");
}

function headersOf(headers: 1 | Headers | undefined): Headers {
  return headers === 1 ? usualHeaders : (headers ?? noHeaders);
}

/** Whether these are the headers of most messages. */
function isUsual(headers: Headers): boolean {
  if (headers === lastUsual) return true;
  if (headers["content-type"] !== usual || Object.keys(headers).length !== 1) return false;
  lastUsual = headers;
  return true;
}

/** All behind the id of a message without key: the same for most messages of a topic, so it is written once. */
function restOf(source: string, headers: Headers): string {
  if (source === lastSource && headers === lastHeaders) return lastRest;
  lastRest = `${quoted(source)},null,${headersText(headers)}]`;
  lastSource = source;
  lastHeaders = headers;
  return lastRest;
}

function headersText(headers: Headers): string {
  return isUsual(headers) ? "1" : JSON.stringify(headers);
}

function quoted(source: string): string {
  return JSON.stringify(source);
}

let lastUsual: Headers | undefined;
let lastSource: string | undefined;
let lastHeaders: Headers | undefined;
let lastRest = "";
