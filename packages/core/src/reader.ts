import type { Decoded } from "./cloud-events.ts";
import { decoded } from "./decoder.ts";
import type { AnyDefinition, Definition } from "./definition.ts";
import { timeText } from "./envelope.ts";
import { WaybillError } from "./errors.ts";
import type { DeadReason } from "./note.ts";
import { describeError } from "./note.ts";
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
export function checkExpiry({ id, expiresAt }: Pick<Decoded, "id" | "expiresAt">, now: number): void {
  if (expiresAt !== undefined && expiresAt <= now) throw new Expired(id, expiresAt);
}

/** A version that members ahead of this one publish: it dies, or waits for them, as its subscription says (VER-1). */
export class Newer extends Unreadable {}

/**
 * Reads deliveries of one definition.
 * @throws Unreadable for bytes that do not decode, and a type or version nobody here knows
 */
export function read(definition: AnyDefinition, delivery: Delivery): Decoded {
  if (delivery.malformed !== undefined) throw new Unreadable("malformed", delivery.malformed);
  const message = tryDecode(definition, delivery);
  // What fits a pattern is of many types and versions, which the message names.
  if (definition.kind === "pattern") return message;
  if (message.type !== definition.name) {
    throw new Unreadable(
      "unknown-type",
      `type ${JSON.stringify(message.type)}, expected ${JSON.stringify(definition.name)}`,
    );
  }
  if (message.version !== definition.version) checkVersion(definition, message.version);
  return message;
}

/**
 * The data as the newest version's schema gives it; a promise only where a schema is asynchronous or the version is an older one.
 * @throws Unreadable where it does not match
 */
export function check<Out>(
  definition: Definition<unknown, Out>,
  { version, data }: Pick<Decoded, "version" | "data">,
): Out | Promise<Out> {
  try {
    const checked =
      version === definition.version || definition.older.length === 0
        ? validate(definition.schema, data, "data")
        : upcast(definition, version, data);
    return checked instanceof Promise ? checked.catch(rethrow) : checked;
  } catch (error) {
    return rethrow(error);
  }
}

/** Step by step, each result checked by the next version's schema (VER-1). */
async function upcast<Out>(definition: Definition<unknown, Out>, from: number, data: unknown): Promise<Out> {
  let current = data;
  let place = `data of version ${from}`;
  for (const { version, schema, upcast: step } of definition.older) {
    if (version < from) continue;
    const old = await validate(schema, current, place);
    try {
      current = await step(old);
    } catch (error) {
      throw new Unreadable("invalid", `the upcaster of version ${version} has thrown: ${describeError(error).message}`);
    }
    place = `data of version ${from}, upcast to version ${version + 1},`;
  }
  return validate(definition.schema, current, place);
}

function checkVersion({ version: newest, older }: AnyDefinition, version: number): void {
  if (older.some((known) => known.version === version)) return;
  const known = [...older.map((one) => one.version), newest].join(", ");
  const Flaw = version > newest ? Newer : Unreadable;
  throw new Flaw("unknown-version", `version ${version}, this consumer knows ${known}`);
}

function tryDecode(definition: AnyDefinition, delivery: Delivery): Decoded {
  try {
    return decoded(definition, delivery);
  } catch (error) {
    throw new Unreadable("malformed", describeError(error).message);
  }
}

function rethrow(error: unknown): never {
  if (error instanceof WaybillError && error.code === "INVALID_DATA") throw new Unreadable("invalid", error.message);
  throw error;
}
