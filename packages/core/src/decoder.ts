import type { Decoded } from "./cloud-events.ts";
import { decode } from "./cloud-events.ts";
import type { AnyDefinition } from "./definition.ts";
import { WaybillError } from "./errors.ts";
import type { Delivery, Headers } from "./seam.ts";

/** A message as its carrier gives it. */
export interface RawMessage {
  /** The carrier's id for it. */
  readonly id: string;
  /** The name of the topic or queue it was published to. */
  readonly source: string;
  readonly key: string | undefined;
  /** All native headers. */
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** What a decoder makes of a message. What it leaves out has a default. */
export interface Foreign {
  /** Before any schema, of `version`. */
  readonly data: unknown;
  /** Default: the carrier's. */
  readonly id?: string | undefined;
  /** Default: the name of the topic or queue. Another one is a type nobody here knows. */
  readonly type?: string | undefined;
  /** The service that published it. Default `"unknown"`. */
  readonly source?: string | undefined;
  /** When it was published: a Date or epoch ms. */
  readonly time?: Date | number | undefined;
  /** Default: the newest. */
  readonly version?: number | undefined;
  /** Default: its id. */
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  /** Default: the carrier's. */
  readonly key?: string | undefined;
}

/**
 * Reads messages of other producers (INT-1). Asked first about every message; undefined leaves it to Waybill's own reading, as a
 * CloudEvent. What it throws makes the message a dead letter of the reason `malformed`, with its raw bytes.
 */
export type Decoder = (message: RawMessage) => Foreign | undefined;

/** What a delivery holds, by its definition's decoder or as a CloudEvent. @throws whatever these throw, and `MALFORMED` */
export function decoded(definition: AnyDefinition, delivery: Delivery): Decoded {
  if (definition.decoder === undefined) return decode(definition.codec, delivery);
  const { id, source, key, headers, body } = delivery;
  const foreign: unknown = definition.decoder({ id, source, key, headers, body });
  if (foreign === undefined) return decode(definition.codec, delivery);
  if (typeof foreign === "object" && foreign !== null && "data" in foreign) {
    return withDefaults(foreign as Foreign, delivery, definition.version);
  }
  throw new WaybillError("MALFORMED", "the decoder has given no data; have it give { data } or undefined");
}

function withDefaults(foreign: Foreign, delivery: Delivery, newest: number): Decoded {
  const id = text(foreign.id, "id") ?? delivery.id;
  return {
    id,
    type: text(foreign.type, "type") ?? delivery.source,
    source: text(foreign.source, "source") ?? "unknown",
    time: foreign.time === undefined ? undefined : new Date(foreign.time).toISOString(),
    version: versionOf(foreign.version ?? newest),
    correlationId: text(foreign.correlationId, "correlationId") ?? id,
    causationId: text(foreign.causationId, "causationId"),
    key: text(foreign.key, "key") ?? delivery.key,
    expiresAt: undefined,
    data: foreign.data,
  };
}

function text(value: unknown, name: keyof Foreign): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw new WaybillError("MALFORMED", `the decoder has given a ${name} that is no string but ${typeof value}`);
}

function versionOf(version: unknown): number {
  if (typeof version === "number" && Number.isInteger(version) && version >= 1) return version;
  throw new WaybillError("MALFORMED", `the decoder has given the version ${JSON.stringify(version)}; give 1 or more`);
}
