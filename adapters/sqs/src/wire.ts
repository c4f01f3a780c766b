import { Buffer, isUtf8 } from "node:buffer";
import type { Message, MessageAttributeValue } from "@aws-sdk/client-sqs";
import { type Delivery, type Headers, jsonIn, type Placed, type WireMessage } from "@waybill/core";

/*
 * The body is the body where it is text that SQS takes, else base64: it takes no empty one, and of Unicode not what XML refuses. All the
 * rest is one attribute, `waybill`: a JSON array `[encoding, id, source, key, headers, priority, deliverAt, failures, deliveries]`, cut
 * off where only defaults follow; encoding is 0 for text and 1 for base64.
 */

/** What of a message changes while it is moved. */
export interface Counts {
  readonly failures: number;
  /** Before the present one. */
  readonly deliveries: number;
}

/** A message as a queue and a topic take it. */
export interface Packed {
  readonly body: string;
  readonly meta: string;
  /** As SQS counts them. */
  readonly bytes: number;
}

/** A delivery, with what is needed to settle it. */
export interface Held extends Delivery, Placed {
  handle: string;
  readonly messageId: string;
  /** Which of the inbox's queues it came from. */
  readonly level: number;
  /** When it was sent to this queue, epoch ms by the server's clock. */
  readonly sentAt: number;
  readonly receivedAt: number;
  /** When it is others' unless it is renewed, epoch ms by our own clock. */
  until: number;
  /** How many of its effects have left, and whether its copy has: they are not sent twice. */
  effects: number;
  copied: boolean;
  /** That it is being kept: it must not come after what is set in the end, which it would overwrite. */
  renewal: Promise<unknown> | undefined;
}

const attribute = "waybill";
/** The names and the type of the attribute, which count as well. */
const ownBytes = attribute.length + "String".length;
// The emulators refuse characters beyond the basic plane, which AWS takes; as base64 they come through everywhere.
const odd = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/;
const oddInJson = /[\u007F-\u009F\uD800-\uDFFF\uFFFE\uFFFF]/g;

export function packed(message: WireMessage, counts?: Counts): Packed {
  const { body: bytes } = message;
  const text = bytes.length > 0 && isUtf8(bytes) ? toText(bytes) : "";
  const isText = text !== "" && !odd.test(text);
  const body = isText ? text : `=${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64")}`;
  const meta = metaOf(message, isText ? 0 : 1, counts);
  const size = (isText ? bytes.length : body.length) + Buffer.byteLength(meta) + ownBytes;
  return { body, meta, bytes: size };
}

/** The attributes of a message on its way. */
export function attributesOf({ meta }: Packed): Record<string, { DataType: string; StringValue: string }> {
  return { [attribute]: { DataType: "String", StringValue: meta } };
}

/** Where and when a message was received. */
export interface Reception {
  readonly level: number;
  readonly receivedAt: number;
  readonly until: number;
  readonly ordered: boolean;
}

/** Whatever came, as a delivery: what others sent has its own body, and its attributes as headers (INT-1, DLQ-3). */
export function heldOf(message: Message, { level, receivedAt, until, ordered }: Reception): Held {
  const times = Number(message.Attributes?.ApproximateReceiveCount ?? 1);
  const own = message.MessageAttributes?.[attribute];
  const read = own === undefined ? foreign(message) : ours(message, own.StringValue ?? "");
  return {
    ...read,
    dedupe: read.id,
    // The broker's count stands in where the failed message stays in its place.
    failures: ordered ? times - 1 : read.failures,
    deliveries: ordered ? undefined : read.deliveries + times,
    handle: message.ReceiptHandle ?? "",
    messageId: message.MessageId ?? "",
    level,
    sentAt: Number(message.Attributes?.SentTimestamp ?? receivedAt),
    receivedAt,
    until,
    effects: 0,
    copied: false,
    renewal: undefined,
    place: -1,
  };
}

/** The numbers a copy goes on with: a failure counts in both, what was given back in none. */
export function countsAfter({ failures, deliveries = 1 }: Held, isFailure: boolean): Counts {
  return isFailure ? { failures: failures + 1, deliveries } : { failures, deliveries: deliveries - 1 };
}

type Read = Pick<
  Delivery,
  "id" | "source" | "key" | "headers" | "body" | "deliverAt" | "priority" | "malformed" | "failures"
> & { readonly deliveries: number };

function metaOf(
  { id, source, key, headers, priority, deliverAt }: WireMessage,
  encoding: number,
  counts?: Counts,
): string {
  const head = [encoding, id, source, key ?? null, headers, priority, deliverAt ?? null];
  const all = counts === undefined ? head : [...head, counts.failures, counts.deliveries];
  return JSON.stringify(all).replace(oddInJson, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function ours(message: Message, written: string): Read {
  const meta = jsonIn(written);
  if (!isMeta(meta)) return { ...foreign(message), malformed: "the attribute waybill is not what was written there" };
  const [encoding, id, source, key, headers, priority, deliverAt, failures = 0, deliveries = 0] = meta;
  const { Body = "" } = message;
  return {
    id,
    source,
    key: key ?? undefined,
    headers,
    body: encoding === 1 ? Buffer.from(Body.slice(1), "base64") : Buffer.from(Body),
    deliverAt: deliverAt ?? undefined,
    priority,
    malformed: undefined,
    failures,
    deliveries,
  };
}

function foreign({ MessageId = "", Body = "", Attributes, MessageAttributes = {} }: Message): Read {
  return {
    id: MessageId,
    source: "",
    key: Attributes?.MessageGroupId,
    headers: Object.fromEntries(Object.entries(MessageAttributes).map(([name, value]) => [name, textOf(value)])),
    body: Buffer.from(Body),
    deliverAt: undefined,
    priority: 0,
    malformed: undefined,
    failures: 0,
    deliveries: 0,
  };
}

function textOf({ StringValue, BinaryValue }: MessageAttributeValue): string {
  return StringValue ?? Buffer.from(BinaryValue ?? []).toString("base64");
}

type Meta = readonly [
  encoding: 0 | 1,
  id: string,
  source: string,
  key: string | null,
  headers: Headers,
  priority: number,
  deliverAt: number | null,
  failures?: number,
  deliveries?: number,
];

function isMeta(read: unknown): read is Meta {
  if (!Array.isArray(read)) return false;
  const [encoding, id, source, key, headers, priority, deliverAt, ...counts] = read as readonly unknown[];
  return (
    (encoding === 0 || encoding === 1) &&
    typeof id === "string" &&
    typeof source === "string" &&
    (key === null || typeof key === "string") &&
    areHeaders(headers) &&
    isCount(priority) &&
    (deliverAt === null || Number.isFinite(deliverAt)) &&
    counts.every(isCount)
  );
}

function isCount(count: unknown): boolean {
  return Number.isSafeInteger(count) && Number(count) >= 0;
}

function areHeaders(headers: unknown): headers is Headers {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return false;
  return Object.values(headers).every((value) => typeof value === "string");
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
