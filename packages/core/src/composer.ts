import type { Clock } from "./clock.ts";
import type { Encoder } from "./cloud-events.ts";
import { encoder } from "./cloud-events.ts";
import type { Definition } from "./definition.ts";
import type { Duration } from "./duration.ts";
import { milliseconds } from "./duration.ts";
import type { Envelope } from "./envelope.ts";
import { toWaybillError, WaybillError } from "./errors.ts";
import { checkHeaders, headerBytes, noHeaders, withTrace } from "./headers.ts";
import type { Parking } from "./parking.ts";
import { latest, park } from "./parking.ts";
import type { AnyPublishOptions } from "./publish-options.ts";
import { replyToHeader } from "./reply.ts";
import { validate } from "./schema.ts";
import type { Headers, Manifest, WireMessage } from "./seam.ts";

export interface ComposerContext {
  readonly source: string;
  readonly clock: Clock;
  readonly newId: () => string;
}

export interface Composed {
  readonly envelope: Envelope;
  readonly wire: WireMessage;
}

/** The message in whose handling another is made. */
export type Cause = Pick<Envelope, "id" | "correlationId" | "headers">;

const noOptions: AnyPublishOptions = {};
const atOnce: Partial<Parking> = {};

/** Makes messages of one definition: checks the data, makes the envelope, writes the bytes. What never changes is made once. */
export class Composer<In, Out> {
  readonly #definition: Definition<In, Out>;
  readonly #manifest: Manifest;
  readonly #context: ComposerContext;
  readonly #encode: Encoder;
  readonly #place: string;

  constructor(definition: Definition<In, Out>, manifest: Manifest, context: ComposerContext) {
    this.#definition = definition;
    this.#manifest = manifest;
    this.#context = context;
    this.#encode = encoder(definition.codec, definition.name, context.source, definition.version);
    this.#place = `data for ${definition.kind} ${JSON.stringify(definition.name)}`;
  }

  /**
   * The message for `data`; a promise of it only where the schema is asynchronous. `cause` is the message in whose handling
   * it is made.
   * @throws WaybillError `INVALID_DATA` (PUB-10), `TOO_LARGE` (PUB-5), `UNSUPPORTED`; TypeError for an option that cannot be
   */
  compose(data: unknown, options: AnyPublishOptions = noOptions, cause?: Cause): Composed | Promise<Composed> {
    const checked = validate(this.#definition.schema, data, this.#place);
    if (checked instanceof Promise) return checked.then((output) => this.#write(data, output, options, cause));
    return this.#write(data, checked, options, cause);
  }

  #write(data: unknown, output: Out, options: AnyPublishOptions, cause: Cause | undefined): Composed {
    const { name, version } = this.#definition;
    const now = this.#context.clock.now();
    const id = checkId("id", options.id ?? this.#context.newId());
    const envelope: Envelope = {
      id,
      type: name,
      source: this.#context.source,
      timestamp: now,
      version,
      correlationId:
        options.correlationId === undefined
          ? (cause?.correlationId ?? id)
          : checkId("correlationId", options.correlationId),
      causationId: cause?.id,
      key: this.#keyOf(output),
      expiresAt: options.expiresIn === undefined ? undefined : expiryOf(options.expiresIn, now),
      headers: this.#headersOf(options.headers, cause),
    };
    const { headers: written, body } = this.#encoded(envelope, data);
    const headers = options.replyTo === undefined ? written : { ...written, [replyToHeader]: options.replyTo };
    const { deliverAt, headers: due } = options === noOptions ? atOnce : this.#parking(options, envelope);
    const all = due === undefined ? headers : { ...headers, ...due };
    this.#checkSize(id, body.length, all);
    const priority = options.priority === undefined ? 0 : this.#checkPriority(options.priority);
    return {
      envelope,
      wire: { id, dedupe: id, source: name, key: envelope.key, headers: all, body, deliverAt, priority },
    };
  }

  /** A message made in the handling of another belongs to the same trace. */
  #headersOf(own: Headers | undefined, cause: Cause | undefined): Headers {
    const headers = own === undefined ? noHeaders : checkHeaders(own);
    return cause === undefined ? headers : withTrace(headers, cause.headers);
  }

  #keyOf(output: Out): string | undefined {
    const key = this.#key(output);
    if (key === undefined && !this.#definition.ordered) return undefined;
    if (typeof key === "string" && key.isWellFormed()) return key;
    throw new WaybillError("INVALID_DATA", `${this.#place}: its key is ${typeof key}; it must be a well-formed string`);
  }

  #key(output: Out): string | undefined {
    try {
      return this.#definition.key?.(output);
    } catch (cause) {
      throw new WaybillError("INVALID_DATA", `${this.#place}: its key function has thrown`, { cause });
    }
  }

  #encoded(envelope: Envelope, data: unknown): ReturnType<Encoder> {
    try {
      return this.#encode(envelope, data);
    } catch (error) {
      throw new WaybillError(
        "INVALID_DATA",
        `${this.#place} cannot be written: ${toWaybillError(error, "INVALID_DATA").message}`,
        {
          cause: error,
        },
      );
    }
  }

  #checkSize(id: string, bytes: number, headers: WireMessage["headers"]): void {
    const { maxBytes, maxHeaderBytes } = this.#manifest;
    if (bytes > maxBytes) {
      throw new WaybillError(
        "TOO_LARGE",
        `message ${id} has a body of ${bytes} bytes, at most ${maxBytes} fit; store the data elsewhere and send a reference`,
      );
    }
    const size = headerBytes(headers, maxHeaderBytes);
    if (size <= maxHeaderBytes) return;
    throw new WaybillError("TOO_LARGE", `message ${id} has ${size} bytes of headers, at most ${maxHeaderBytes} fit`);
  }

  /** When it is delivered, by the carrier alone or with the help of who gets it (DLY-2). */
  #parking(options: AnyPublishOptions, { timestamp: now, expiresAt = Infinity }: Envelope): Partial<Parking> {
    const at = this.#dueAt(options, now);
    if (expiresAt <= (at ?? now)) throw new TypeError(`expiresIn is ${expiresAt - now} ms; it would never be handled`);
    if (at === undefined) return atOnce;
    const { maxDelay } = this.#manifest;
    if (maxDelay > 0) return park(at, now, maxDelay);
    throw new WaybillError("UNSUPPORTED", `a delay of ${at - now} ms; this carrier delivers at once`);
  }

  #dueAt({ delay, deliverAt }: AnyPublishOptions, now: number): number | undefined {
    if (delay === undefined && deliverAt === undefined) return undefined;
    if (delay !== undefined && deliverAt !== undefined) throw new TypeError("give delay or deliverAt, not both");
    if (this.#definition.ordered)
      throw new TypeError(`${this.#place}: an ordered ${this.#definition.kind} takes no delay`);
    const at = delay === undefined ? Math.ceil(Number(deliverAt)) : now + milliseconds(delay, "delay");
    if (!(at <= latest))
      throw new TypeError(`the time of delivery is ${at}; give a delay in ms, or a Date or epoch ms`);
    return at > now ? at : undefined;
  }

  #checkPriority(priority: number): number {
    const { priorities } = this.#definition.shape;
    if (Number.isInteger(priority) && priority >= 0 && priority < priorities) return priority;
    throw new TypeError(
      `priority is ${priority}; ${this.#definition.kind} "${this.#definition.name}" has ${priorities} level(s), from 0 to ${priorities - 1}`,
    );
  }
}

function expiryOf(expiresIn: Duration, now: number): number {
  const at = now + milliseconds(expiresIn, "expiresIn");
  if (at <= latest) return at;
  throw new TypeError(`expiresIn is ${expiresIn}; leave it out for a message that never expires`);
}

function checkId(name: "id" | "correlationId", id: unknown): string {
  if (typeof id === "string" && id !== "" && id.isWellFormed()) return id;
  throw new TypeError(
    `${name} is ${typeof id === "string" ? JSON.stringify(id) : typeof id}; give a well-formed, non-empty string`,
  );
}
