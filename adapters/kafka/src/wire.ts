import { Buffer } from "node:buffer";
import { type Delivery, type Headers, jsonIn, type WireMessage } from "@waybill/core";
import type { NewRecord, StoredRecord } from "./driver.ts";

/*
 * A message is a record: its key the record's, its body the value, its headers the headers (so structured CloudEvents are what other
 * readers of CloudEvents expect). All else is one header, `waybill`, since every header costs: a JSON array `[id, source, deliverAt,
 * priority, failures, deliveries, life, key, more]`, its end cut off where only nulls follow. `more` holds the headers that UTF-8 or
 * our own name cannot carry, and `key` a key of that kind.
 */

/** What of a message changes while it is moved. */
export interface Counts {
  readonly failures: number;
  /** Before the present one. */
  readonly deliveries: number;
  /** How often it was redriven: a letter of an earlier life is another letter. */
  readonly life: number;
}

/** A message as a record gives it. */
export interface Read extends WireMessage, Counts {
  readonly malformed: string | undefined;
}

const own = "waybill";
const none: Counts = { failures: 0, deliveries: 0, life: 0 };

interface Writing {
  readonly counts?: Counts | undefined;
  /** Whether it says whose it is, which a topic's own record need not. */
  readonly source?: boolean;
  /** The record's key, in place of the message's own. */
  readonly as?: string | undefined;
}

/** A message as it is written. */
export function recordOf(
  message: WireMessage,
  now: number,
  { counts = none, source = false, as }: Writing = {},
): NewRecord {
  const { key, headers, body } = message;
  const plain: (readonly [string, Uint8Array])[] = [];
  let more: Record<string, string> | undefined;
  for (const [name, value] of Object.entries(headers)) {
    if (name !== own && name.isWellFormed() && value.isWellFormed()) plain.push([name, bytesOf(name, value)]);
    else Object.defineProperty((more ??= {}), name, { value, enumerable: true });
  }
  const isOdd = as !== undefined || key?.isWellFormed() === false;
  const recordKey = as ?? key;
  const meta: unknown[] = [
    message.id,
    source ? message.source : null,
    message.deliverAt ?? null,
    message.priority === 0 ? null : message.priority,
    counts.failures === 0 ? null : counts.failures,
    counts.deliveries === 0 ? null : counts.deliveries,
    counts.life === 0 ? null : counts.life,
    isOdd ? (key ?? null) : null,
    more ?? null,
  ];
  while (meta.at(-1) === null) meta.pop();
  plain.push([own, Buffer.from(JSON.stringify(meta))]);
  return {
    key: recordKey === undefined ? undefined : Buffer.from(recordKey),
    value: body,
    headers: plain,
    timestamp: now,
  };
}

/** Whatever was read, as a message: what others wrote has its own headers, and the place it lies in for an id (INT-1, DLQ-3). */
export function messageOf(
  record: StoredRecord,
  place: { readonly topic: string; readonly partition: number; readonly source: string },
): Read {
  const headers: Record<string, string> = {};
  let written: string | undefined;
  for (const [name, value] of record.headers) {
    if (name === own) written = value;
    else set(headers, name, value);
  }
  const body = record.value ?? nothing;
  const key = record.key === undefined ? undefined : textOf(record.key);
  const tombstone = record.value === undefined ? "the record is a tombstone, it has no value" : undefined;
  if (written === undefined) return { ...foreign(record, place), key, headers, body, malformed: tombstone };
  const meta = metaIn(written);
  if (meta === undefined) {
    const malformed = "the header waybill is not what was written there";
    return { ...foreign(record, place), key, headers, body, malformed };
  }
  const [id, source, deliverAt, priority, failures, deliveries, life, oddKey, more] = meta;
  for (const [name, value] of Object.entries(more ?? {})) set(headers, name, value);
  return {
    id,
    dedupe: id,
    source: source ?? place.source,
    key: oddKey ?? key,
    headers,
    body,
    deliverAt: deliverAt ?? undefined,
    priority: priority ?? 0,
    malformed: undefined,
    failures: failures ?? 0,
    deliveries: deliveries ?? 0,
    life: life ?? 0,
  };
}

const nothing = Buffer.alloc(0);

function foreign(
  { offset }: StoredRecord,
  { topic, partition, source }: { readonly topic: string; readonly partition: number; readonly source: string },
): Omit<Read, "key" | "headers" | "body" | "malformed"> {
  const id = `${topic}/${partition}/${offset}`;
  return { id, dedupe: "", source, deliverAt: undefined, priority: 0, ...none };
}

/** What is written of most is an id alone, and needs no parser. */
function metaIn(written: string): Meta | undefined {
  const end = written.length - 2;
  const isPlain = written.startsWith('["') && written.indexOf('"', 2) === end && written.endsWith("]");
  if (isPlain && !written.includes("\\")) return [written.slice(2, end)];
  const meta = jsonIn(written);
  return isMeta(meta) ? meta : undefined;
}

/** What the last message had under a name: most say the same as the one before. */
const last = new Map<string, { readonly value: string; readonly bytes: Uint8Array }>();
const [mostNames, mostLength] = [100, 100];

function bytesOf(name: string, value: string): Uint8Array {
  const known = last.get(name);
  if (known?.value === value) return known.bytes;
  const bytes = Buffer.from(value);
  if (value.length <= mostLength && (known !== undefined || last.size < mostNames)) last.set(name, { value, bytes });
  return bytes;
}

/** The numbers a copy goes on with: a failure counts in both, what was given back in none. */
export function countsAfter(
  delivery: Pick<Delivery, "failures" | "deliveries"> & { readonly life: number },
  isFailure: boolean,
): Counts {
  const { failures, deliveries = 1, life } = delivery;
  return isFailure ? { failures: failures + 1, deliveries, life } : { failures, deliveries: deliveries - 1, life };
}

/** About how many bytes a record takes in a batch, rather more than less. */
export function sizeOf({ key, value, headers }: NewRecord): number {
  let size = 40 + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, bytes] of headers) size += 10 + 3 * name.length + bytes.length;
  return size;
}

function set(headers: Record<string, string>, name: string, value: string): void {
  // Set in another way it would be the object's prototype.
  if (name === "__proto__")
    Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
  else headers[name] = value;
}

function textOf(bytes: Uint8Array): string {
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)).toString();
}

type Meta = readonly [
  id: string,
  source?: string | null,
  deliverAt?: number | null,
  priority?: number | null,
  failures?: number | null,
  deliveries?: number | null,
  life?: number | null,
  key?: string | null,
  more?: Headers | null,
];

function isMeta(read: unknown): read is Meta {
  if (!Array.isArray(read)) return false;
  const [id, source, deliverAt, priority, failures, deliveries, life, key, more] = read as readonly unknown[];
  return (
    typeof id === "string" &&
    isTextOrNull(source) &&
    (isNone(deliverAt) || Number.isFinite(deliverAt)) &&
    [priority, failures, deliveries, life].every(isCountOrNull) &&
    isTextOrNull(key) &&
    areHeadersOrNull(more)
  );
}

function isNone(value: unknown): boolean {
  return value === undefined || value === null;
}

function isTextOrNull(value: unknown): boolean {
  return isNone(value) || typeof value === "string";
}

function isCountOrNull(value: unknown): boolean {
  return isNone(value) || (Number.isSafeInteger(value) && Number(value) >= 0);
}

function areHeadersOrNull(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== "object" || Array.isArray(value)) return false;
  return Object.values(value).every((one) => typeof one === "string");
}
