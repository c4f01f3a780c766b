import type { Decoded } from "./cloud-events.ts";
import { decode } from "./cloud-events.ts";
import type { AnyDefinition, Definition } from "./definition.ts";
import { timeText } from "./envelope.ts";
import { WaybillError } from "./errors.ts";
import type { DeadReason } from "./note.ts";
import { validate } from "./schema.ts";
import type { Delivery } from "./seam.ts";

/** Why a message cannot be given to its handler, whatever happens: it goes to the dead letters as it is (DLQ-3). */
export class Unreadable extends Error {
  override readonly name: string = "Unreadable";
  readonly reason: DeadReason;

  constructor(reason: DeadReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Its time was over before it could be handled (TTL-1). */
export class Expired extends Error {
  override readonly name: string = "Expired";
  readonly expired: WaybillError;

  constructor(id: string, expiresAt: number) {
    const expired = new WaybillError("EXPIRED", `message ${id} expired at ${timeText(expiresAt)} and was not handled`);
    super(expired.message);
    this.expired = expired;
  }
}

/** @throws Expired where its time is over at `now` */
export function checkExpiry({ id, expiresAt }: Decoded, now: number): void {
  if (expiresAt !== undefined && expiresAt <= now) throw new Expired(id, expiresAt);
}

/**
 * Reads deliveries of one definition.
 * @throws Unreadable for bytes that do not decode, and a type or version nobody here knows
 */
export function read(definition: AnyDefinition, delivery: Delivery): Decoded {
  if (delivery.malformed !== undefined) throw new Unreadable("malformed", delivery.malformed);
  const decoded = tryDecode(definition, delivery);
  // What fits a pattern is of many types and versions, which the message names.
  if (definition.kind === "pattern") return decoded;
  if (decoded.type !== definition.name) {
    throw new Unreadable(
      "unknown-type",
      `type ${JSON.stringify(decoded.type)}, expected ${JSON.stringify(definition.name)}`,
    );
  }
  if (decoded.version !== definition.version) {
    throw new Unreadable("unknown-version", `version ${decoded.version}, this consumer knows ${definition.version}`);
  }
  return decoded;
}

/** The data as the schema gives it; a promise only where the schema is asynchronous. @throws Unreadable where it does not match */
export function check<Out>(definition: Definition<unknown, Out>, data: unknown): Out | Promise<Out> {
  try {
    const checked = validate(definition.schema, data, "data");
    return checked instanceof Promise ? checked.catch(rethrow) : checked;
  } catch (error) {
    return rethrow(error);
  }
}

function tryDecode(definition: AnyDefinition, delivery: Delivery): Decoded {
  try {
    return decode(definition.codec, delivery);
  } catch (error) {
    throw new Unreadable("malformed", error instanceof Error ? error.message : String(error));
  }
}

function rethrow(error: unknown): never {
  if (error instanceof WaybillError && error.code === "INVALID_DATA") throw new Unreadable("invalid", error.message);
  throw error;
}
