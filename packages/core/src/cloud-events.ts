import { Buffer } from "node:buffer";
import type { Codec } from "./codec.ts";
import { json, utf8 } from "./codec.ts";
import type { Envelope } from "./envelope.ts";
import { timeText } from "./envelope.ts";
import { WaybillError } from "./errors.ts";
import { noHeaders } from "./headers.ts";
import type { Headers, WireMessage } from "./seam.ts";

/*
 * CloudEvents 1.0. With the JSON codec a message is one structured document, the same bytes on every carrier, and one header;
 * with any other codec the attributes are headers (prefix `ce_`) and the body is the codec's. Both are always read.
 */

const structuredType = "application/cloudevents+json";
const structuredHeaders: Headers = Object.freeze({ "content-type": structuredType });

export interface Encoded {
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** What was read: the attributes as they stood, `data` before any schema. */
export interface Decoded {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly time: string | undefined;
  readonly version: number;
  readonly correlationId: string;
  readonly causationId: string | undefined;
  readonly key: string | undefined;
  readonly data: unknown;
}

export type Encoder = (envelope: Envelope, data: unknown) => Encoded;

/** Writes the messages of one definition from one source; what never changes is written once, here. */
export function encoder(codec: Codec, type: string, source: string, version: number): Encoder {
  return codec === json ? structured(type, source, version) : binary(codec, type, source, version);
}

function structured(type: string, source: string, version: number): Encoder {
  const quote = JSON.stringify;
  const prefix =
    `{"specversion":"1.0","type":${quote(type)},"source":${quote(source)},"datacontenttype":"application/json"` +
    `,"dataversion":"${version}","id":`;
  return (envelope, data) => {
    const written = JSON.stringify(data) as string | undefined;
    const text =
      prefix +
      quote(envelope.id) +
      `,"time":"${timeText(envelope.timestamp)}","correlationid":${quote(envelope.correlationId)}` +
      (envelope.causationId === undefined ? "" : `,"causationid":${quote(envelope.causationId)}`) +
      (envelope.key === undefined ? "" : `,"partitionkey":${quote(envelope.key)}`) +
      (written === undefined ? "}" : `,"data":${written}}`);
    const { headers } = envelope;
    return {
      headers: headers === noHeaders ? structuredHeaders : { ...headers, "content-type": structuredType },
      body: Buffer.from(text),
    };
  };
}

function binary(codec: Codec, type: string, source: string, version: number): Encoder {
  const dataversion = String(version);
  return (envelope, data) => {
    const { headers, causationId, key } = envelope;
    const attributes: Record<string, string> = {
      "content-type": codec.contentType,
      ce_specversion: "1.0",
      ce_type: type,
      ce_source: source,
      ce_dataversion: dataversion,
      ce_id: envelope.id,
      ce_time: timeText(envelope.timestamp),
      ce_correlationid: envelope.correlationId,
    };
    if (causationId !== undefined) attributes["ce_causationid"] = causationId;
    if (key !== undefined) attributes["ce_partitionkey"] = key;
    return {
      headers: headers === noHeaders ? attributes : { ...headers, ...attributes },
      body: codec.encode(data),
    };
  };
}

/**
 * Reads either mode.
 * @throws WaybillError `MALFORMED` where it is no CloudEvent or not what the codec reads (DLQ-3)
 */
export function decode(codec: Codec, message: Pick<WireMessage, "headers" | "body">): Decoded {
  const type = message.headers["content-type"];
  if (type?.startsWith(structuredType)) return readStructured(codec, message.body);
  if (message.headers["ce_specversion"] !== undefined) return readBinary(codec, message);
  throw new WaybillError("MALFORMED", `no CloudEvent: content type ${JSON.stringify(type)} and no ce_specversion header`);
}

function readStructured(codec: Codec, body: Uint8Array): Decoded {
  const event = parse(body);
  const data = "data_base64" in event ? codec.decode(Buffer.from(text(event, "data_base64"), "base64")) : event["data"];
  return attributes((name) => event[name], data);
}

function readBinary(codec: Codec, { headers, body }: Pick<WireMessage, "headers" | "body">): Decoded {
  const type = headers["content-type"];
  if (type !== undefined && type !== codec.contentType) {
    throw new WaybillError("MALFORMED", `content type ${JSON.stringify(type)}, expected ${codec.contentType}`);
  }
  return attributes((name) => headers[`ce_${name}`], guarded(() => codec.decode(body)));
}

function attributes(at: (name: string) => unknown, data: unknown): Decoded {
  if (at("specversion") !== "1.0") {
    throw new WaybillError("MALFORMED", `CloudEvents version ${JSON.stringify(at("specversion"))}, expected "1.0"`);
  }
  const id = required(at, "id");
  return {
    id,
    type: required(at, "type"),
    source: required(at, "source"),
    time: optional(at, "time"),
    version: versionOf(at("dataversion")),
    correlationId: optional(at, "correlationid") ?? id,
    causationId: optional(at, "causationid"),
    key: optional(at, "partitionkey"),
    data,
  };
}

function parse(body: Uint8Array): Readonly<Record<string, unknown>> {
  const event: unknown = guarded(() => JSON.parse(utf8(body)));
  if (typeof event === "object" && event !== null) return event as Readonly<Record<string, unknown>>;
  throw new WaybillError("MALFORMED", "the body is no JSON object");
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof WaybillError) throw error;
    throw new WaybillError("MALFORMED", `the body cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function required(at: (name: string) => unknown, name: string): string {
  const value = at(name);
  if (typeof value === "string" && value !== "") return value;
  throw new WaybillError("MALFORMED", `CloudEvents attribute ${name} is missing`);
}

function optional(at: (name: string) => unknown, name: string): string | undefined {
  const value = at(name);
  if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
  throw new WaybillError("MALFORMED", `CloudEvents attribute ${name} is no string`);
}

function text(event: Readonly<Record<string, unknown>>, name: string): string {
  return required((attribute) => event[attribute], name);
}

function versionOf(value: unknown): number {
  if (value === undefined) return 1;
  const version = Number(value);
  if (Number.isInteger(version) && version >= 1) return version;
  throw new WaybillError("MALFORMED", `CloudEvents attribute dataversion is ${JSON.stringify(value)}`);
}
