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
  /** Epoch ms. */
  readonly expiresAt: number | undefined;
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
      (envelope.expiresAt === undefined ? "" : `,"expirytime":"${timeText(envelope.expiresAt)}"`) +
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
    const { headers, causationId, key, expiresAt } = envelope;
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
    if (expiresAt !== undefined) attributes["ce_expirytime"] = timeText(expiresAt);
    return {
      headers: headers === noHeaders ? attributes : { ...headers, ...attributes },
      body: codec.encode(data),
    };
  };
}

/** What a carrier gives of a message. */
type Carried = Pick<WireMessage, "headers" | "body"> & Partial<Pick<WireMessage, "key">>;

/**
 * Reads either mode. A CloudEvent of others need not repeat the key that its carrier has.
 * @throws WaybillError `MALFORMED` where it is no CloudEvent or not what the codec reads (DLQ-3)
 */
export function decode(codec: Codec, message: Carried): Decoded {
  const type = message.headers["content-type"];
  const isBinary = message.headers["ce_specversion"] !== undefined;
  // Binary mode of a codec of one's own is told by one comparison: taking the type apart costs more than the rest.
  if (isBinary && type === codec.contentType) return readBinary(codec, message);
  if (type === structuredType || mediaType(type) === structuredType) return readStructured(codec, message);
  if (isBinary) return readBinary(codec, message);
  throw new WaybillError(
    "MALFORMED",
    `no CloudEvent: content type ${JSON.stringify(type)} and no ce_specversion header`,
  );
}

function readStructured(codec: Codec, { body, key }: Carried): Decoded {
  const event = parse(body);
  const { specversion, id, type, source, time, dataversion, correlationid, causationid, partitionkey, expirytime } =
    event;
  const data = "data_base64" in event ? guarded(() => codec.decode(base64(event["data_base64"]))) : event["data"];
  return checked({
    specversion,
    id,
    type,
    source,
    time,
    dataversion,
    correlationid,
    causationid,
    partitionkey: partitionkey ?? key,
    expirytime,
    data,
  });
}

function readBinary(codec: Codec, { headers, body, key }: Carried): Decoded {
  const type = headers["content-type"];
  if (type !== undefined && type !== codec.contentType && mediaType(type) !== mediaType(codec.contentType)) {
    throw new WaybillError("MALFORMED", `content type ${JSON.stringify(type)}, expected ${codec.contentType}`);
  }
  return checked({
    specversion: headers["ce_specversion"],
    id: headers["ce_id"],
    type: headers["ce_type"],
    source: headers["ce_source"],
    time: headers["ce_time"],
    dataversion: headers["ce_dataversion"],
    correlationid: headers["ce_correlationid"],
    causationid: headers["ce_causationid"],
    partitionkey: headers["ce_partitionkey"] ?? key,
    expirytime: headers["ce_expirytime"],
    data: guarded(() => codec.decode(body)),
  });
}

type Attribute =
  | "specversion"
  | "id"
  | "type"
  | "source"
  | "time"
  | "dataversion"
  | "correlationid"
  | "causationid"
  | "partitionkey"
  | "expirytime";

type Attributes = Readonly<Record<Attribute | "data", unknown>>;

/** The attributes with their types. Not a loop over names: it runs for every message. */
function checked(event: Attributes): Decoded {
  if (event.specversion !== "1.0") {
    throw new WaybillError("MALFORMED", `CloudEvents version ${JSON.stringify(event.specversion)}, expected "1.0"`);
  }
  const id = required(event.id, "id");
  return {
    id,
    type: required(event.type, "type"),
    source: required(event.source, "source"),
    time: optional(event.time, "time"),
    version: versionOf(event.dataversion),
    correlationId: optional(event.correlationid, "correlationid") ?? id,
    causationId: optional(event.causationid, "causationid"),
    key: optional(event.partitionkey, "partitionkey"),
    expiresAt: event.expirytime === undefined ? undefined : timeOf(event.expirytime),
    data: event.data,
  };
}

/** The type without its parameters, such as a charset. */
function mediaType(type: string | undefined): string | undefined {
  return type?.split(";", 1)[0]?.trim().toLowerCase();
}

function parse(body: Uint8Array): Readonly<Record<string, unknown>> {
  const event = guarded((): unknown => JSON.parse(utf8(body)));
  if (typeof event === "object" && event !== null) return event as Readonly<Record<string, unknown>>;
  throw new WaybillError("MALFORMED", "the body is no JSON object");
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof WaybillError) throw error;
    throw new WaybillError(
      "MALFORMED",
      `the body cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

function required(value: unknown, name: Attribute): string {
  if (typeof value === "string" && value !== "") return value;
  throw new WaybillError("MALFORMED", `CloudEvents attribute ${name} is missing`);
}

function optional(value: unknown, name: Attribute): string | undefined {
  if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
  throw new WaybillError("MALFORMED", `CloudEvents attribute ${name} is no string`);
}

/** The epoch ms of an RFC 3339 text. */
function timeOf(value: unknown): number | undefined {
  const text = optional(value, "expirytime");
  const time = text === undefined ? undefined : Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new WaybillError("MALFORMED", `CloudEvents attribute expirytime is ${JSON.stringify(value)}`);
}

function base64(value: unknown): Uint8Array {
  const decoded = typeof value === "string" ? Buffer.from(value, "base64") : undefined;
  // Node skips what is not base64 instead of refusing it.
  if (decoded !== undefined && decoded.toString("base64") === value) return decoded;
  throw new WaybillError("MALFORMED", "CloudEvents member data_base64 is no base64");
}

function versionOf(value: unknown): number {
  if (value === undefined || value === "1") return 1;
  const version = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof version === "number" && Number.isInteger(version) && version >= 1) return version;
  throw new WaybillError("MALFORMED", `CloudEvents attribute dataversion is ${JSON.stringify(value)}`);
}
