import assert from "node:assert/strict";
import type { WireMessage } from "@waybill/core";

/** What any CloudEvents reader makes of a message. */
export interface CloudEvent {
  /** The attributes of CloudEvents and its extensions, by name. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** JSON in structured mode, bytes in binary mode. */
  readonly data: unknown;
}

/** CloudEvents 1.0 §3.1: lower-case letters and digits. */
const attributeName = /^[a-z0-9]{1,20}$/;
/** §3.2: no control character, no half of a surrogate pair, no noncharacter. */
const attributeText = /^[^\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]+$/u;
/** RFC 3986 appendix A, as far as characters go. */
const uriReference = /^(?:[\w.~!$&'()*+,;=:@/?#[\]-]|%[0-9A-Fa-f]{2})+$/;
/** RFC 3339. */
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
/** RFC 2046. */
const mediaType = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?: *;.*)?$/;
const structured = "application/cloudevents+json";

/**
 * Reads a message as CloudEvents 1.0 says, by the specification alone and knowing nothing of Waybill: structured mode of its JSON
 * format, or binary mode with the prefix `ce_` of its Kafka binding. @throws AssertionError naming what is against the rules
 */
export function readCloudEvent({ headers, body }: Pick<WireMessage, "headers" | "body">): CloudEvent {
  const contentType = headers["content-type"];
  if (contentType?.split(";", 1)[0]?.trim().toLowerCase() === structured) return readStructured(body);
  const attributes = Object.entries(headers)
    .filter(([name]) => name.startsWith("ce_"))
    .map(([name, value]) => [name.slice("ce_".length), value] as const);
  const given = contentType === undefined ? [] : [["datacontenttype", contentType] as const];
  return { attributes: checked(Object.fromEntries([...attributes, ...given])), data: body };
}

function readStructured(body: Uint8Array): CloudEvent {
  const event: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  assert(typeof event === "object" && event !== null && !Array.isArray(event), "a structured event is a JSON object");
  const { data, data_base64: base64, ...attributes } = event as Readonly<Record<string, unknown>>;
  assert(data === undefined || base64 === undefined, "an event has data or data_base64, not both");
  return { attributes: checked(attributes), data: typeof base64 === "string" ? Buffer.from(base64, "base64") : data };
}

function checked(attributes: Readonly<Record<string, unknown>>): CloudEvent["attributes"] {
  for (const [name, value] of Object.entries(attributes)) {
    assert.match(name, attributeName, `the name of attribute ${name}`);
    const kind = typeof value;
    assert(["string", "boolean", "number"].includes(kind), `attribute ${name} is of a type that CloudEvents has`);
    if (kind === "number")
      assert(Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31, `${name} is an Integer`);
    if (kind === "string") assert.match(String(value), attributeText, `the text of attribute ${name}`);
  }
  assert.equal(attributes["specversion"], "1.0", "specversion");
  assert(typeof attributes["id"] === "string" && typeof attributes["type"] === "string", "id and type are there");
  assert.match(textOf(attributes, "source") ?? "", uriReference, "source is a URI-reference");
  assert.match(textOf(attributes, "time") ?? "2000-01-01T00:00:00Z", timestamp, "time is of RFC 3339");
  assert.match(textOf(attributes, "datacontenttype") ?? "a/b", mediaType, "datacontenttype is a media type");
  assert(URL.canParse(textOf(attributes, "dataschema") ?? "urn:x"), "dataschema is a URI");
  return attributes;
}

function textOf(attributes: CloudEvent["attributes"], name: string): string | undefined {
  const value = attributes[name];
  assert(value === undefined || typeof value === "string", `attribute ${name} is text`);
  return value;
}
