import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { type Delivery, type Headers, jsonIn, type Placed, type WireMessage } from "@waybill/core";
import type { ConsumeMessage, GetMessage } from "amqplib";

/*
 * A message of ours has its body as it is, `messageId`, `contentType`, and user headers as headers of strings. What AMQP has no
 * place for stands in four headers of ours, each only where there is something to say: `waybill-key`; `waybill-state`, a JSON object
 * of what a copy must not forget; `waybill-headers`, names and values that may not stand by themselves: a JSON list of their lengths,
 * and then all of them. It is a text, for a stream forgets lists.
 */

/** What a message goes on with when it moves. */
export interface State {
  /** Where it is not told by the place it lies in. */
  readonly source?: string | undefined;
  /** Where it is no `messageId`. */
  readonly id?: string | undefined;
  readonly deliverAt?: number | undefined;
  readonly failures?: number | undefined;
  /** Before this copy. */
  readonly deliveries?: number | undefined;
  readonly priority?: number | undefined;
  /** When it was published to a topic that keeps what every group has settled, epoch ms. */
  readonly at?: number | undefined;
}

/** Where a message is published to. */
export interface Route {
  readonly exchange: string;
  readonly routingKey: string;
  /** Given back where no queue takes it. */
  readonly mandatory: boolean;
  /** Headers that lead it through the delay. */
  readonly steps?: Readonly<Record<string, string>> | undefined;
}

/** A message as amqplib encodes it: the fields of the method and of the properties together. */
export interface Packet {
  readonly exchange: string;
  readonly routingKey: string;
  readonly mandatory: boolean;
  readonly immediate: false;
  readonly ticket: 0;
  readonly deliveryMode: 2;
  readonly contentType: string | undefined;
  readonly messageId: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** A delivery, with what is needed to settle it. */
export interface Held extends Delivery, Placed {
  readonly tag: number;
  /** What this copy was stored with. */
  readonly state: State;
  /** How often the server has taken this copy back. */
  readonly returns: number;
  /** The number of its queue in the inbox: its priority or its shard. */
  readonly lane: number;
}

const names = { key: "waybill-key", state: "waybill-state", others: "waybill-headers" } as const;
const contentType = "content-type";
/** AMQP's short strings. */
const shortest = 256;

/** @throws nothing: what cannot be encoded is found when it is written */
export function packetOf(message: WireMessage, state: State | undefined, route: Route): Packet {
  const { id, key, body } = message;
  const type = message.headers[contentType];
  const isType = type !== undefined && isShort(type);
  const isId = isShort(id);
  const headers = headersFor(message.headers, isType);
  if (key !== undefined) headers[names.key] = key;
  const all = isId ? state : { ...state, id };
  if (all !== undefined) headers[names.state] = JSON.stringify(all);
  if (route.steps !== undefined) Object.assign(headers, route.steps);
  return {
    exchange: route.exchange,
    routingKey: route.routingKey,
    mandatory: route.mandatory,
    immediate: false,
    ticket: 0,
    deliveryMode: 2,
    contentType: isType ? type : undefined,
    messageId: isId ? id : undefined,
    headers,
    body: Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
  };
}

function headersFor(headers: Headers, isType: boolean): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  let others: string[] | undefined;
  for (const name in headers) {
    if (name === contentType && isType) continue;
    const value = headers[name] ?? "";
    if (isPlain(name)) written[name] = value;
    else (others ??= []).push(name, value);
  }
  if (others !== undefined) written[names.others] = textOfAll(others);
  return written;
}

/** Names that mean nothing to amqplib, to RabbitMQ or to us. */
function isPlain(name: string): boolean {
  return !/^(x-.*|cc|bcc|waybill-(key|state|headers|replay|to|d\d+)|__proto__|)$/is.test(name) && isShort(name);
}

/** What stands in a queue, whoever put it there. */
export interface Stored {
  readonly message: ConsumeMessage | GetMessage;
  readonly lane: number;
  /** The source of what says no other. */
  readonly source: string;
}

/** Whatever was delivered, as a delivery; what we cannot read of it is malformed and has a body all the same (DLQ-3). */
export function heldOf({ message, lane, source }: Stored): Held {
  const { properties, fields, content } = message;
  const written: Readonly<Record<string, unknown>> = properties.headers ?? {};
  const state = stateIn(written[names.state]);
  const headers = headersIn(written, properties as unknown as Readonly<Record<string, unknown>>);
  const flaw = state === undefined ? `the header ${names.state} is not what was written there` : undefined;
  const malformed =
    flaw ?? (headers === undefined ? `the header ${names.others} is not what was written there` : undefined);
  const key = written[names.key];
  const returns = returnsOf(written);
  const id = state?.id ?? textOf(properties.messageId) ?? `unnamed-${randomUUID()}`;
  return {
    id,
    dedupe: id,
    source: state?.source ?? source,
    key: typeof key === "string" ? key : undefined,
    headers: headers ?? {},
    body: content,
    deliverAt: state?.deliverAt,
    priority: state?.priority ?? 0,
    failures: state?.failures ?? 0,
    deliveries: (state?.deliveries ?? 0) + returns + 1,
    malformed,
    tag: fields.deliveryTag,
    state: state ?? {},
    returns,
    lane,
    place: -1,
  };
}

/** How often the server has taken it back from a consumer, this copy of it. */
function returnsOf(written: Readonly<Record<string, unknown>>): number {
  const count = written["x-delivery-count"];
  return typeof count === "number" ? count : 0;
}

/** What is told of a message of another producer beside its headers. */
export const told = ["contentEncoding", "correlationId", "replyTo", "type", "appId", "timestamp"] as const;

function headersIn(
  written: Readonly<Record<string, unknown>>,
  properties: Readonly<Record<string, unknown>>,
): Headers | undefined {
  const headers: Record<string, string> = {};
  for (const property of told) {
    const value = textOf(properties[property]);
    if (value !== undefined) headers[property.replace(/[A-Z]/g, (char) => `-${char.toLowerCase()}`)] = value;
  }
  const type = textOf(properties["contentType"]);
  if (type !== undefined) headers[contentType] = type;
  for (const name in written) if (isPlain(name)) headers[name] = textOf(written[name]) ?? "";
  if (written[names.others] === undefined) return headers;
  const others = textsIn(written[names.others]);
  if (others === undefined) return undefined;
  const entries = Object.entries(headers);
  for (let index = 0; index + 1 < others.length; index += 2)
    entries.push([others[index] ?? "", others[index + 1] ?? ""]);
  // So that a header may be called as a member of Object.
  return Object.fromEntries(entries);
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  return Buffer.isBuffer(value) ? value.toString() : JSON.stringify(value);
}

function textOfAll(texts: readonly string[]): string {
  return JSON.stringify(texts.map(({ length }) => length)) + texts.join("");
}

/** Undefined of what we have not written. */
function textsIn(written: unknown): readonly string[] | undefined {
  if (typeof written !== "string") return undefined;
  let from = written.indexOf("]") + 1;
  const lengths = jsonIn(written.slice(0, from));
  if (!Array.isArray(lengths) || lengths.length % 2 !== 0 || !lengths.every(isCount)) return undefined;
  const texts = lengths.map((length) => written.slice(from, (from += length)));
  return from === written.length ? texts : undefined;
}

/** Undefined of what we have not written. */
function stateIn(written: unknown): State | undefined {
  if (written === undefined) return {};
  const state = jsonIn(written);
  return isState(state) ? state : undefined;
}

function isState(value: unknown): value is State {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { source, id, deliverAt, failures, deliveries, priority, at } = value as Readonly<Record<keyof State, unknown>>;
  return (
    [source, id].every((text) => text === undefined || typeof text === "string") &&
    [deliverAt, at].every((time) => time === undefined || Number.isFinite(time)) &&
    [failures, deliveries, priority].every((count) => count === undefined || isCount(count))
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Whether it was delivered more often than it failed. */
export function isSuspicious({ deliveries = 1, failures }: Held): boolean {
  return deliveries - failures > 1;
}

/** The numbers a copy goes on with: a failure counts in both, what was given back in none. */
export function countsAfter({ failures, deliveries = 1 }: Held, end: "failed" | "uncounted"): State {
  return end === "failed" ? { failures: failures + 1, deliveries } : { failures, deliveries: deliveries - 1 };
}

function isShort(text: string): boolean {
  return text.length < shortest && (text.length * 3 < shortest || Buffer.byteLength(text) < shortest);
}
