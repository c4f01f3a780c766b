import type { Decoded } from "./cloud-events.ts";
import type { Composed } from "./composer.ts";
import type { AnyDefinition } from "./definition.ts";
import type { Envelope } from "./envelope.ts";
import { WaybillError } from "./errors.ts";
import { userHeaders } from "./headers.ts";
import type { Effect, Message } from "./message.ts";
import type { AnyPublishOptions } from "./publish-options.ts";
import type { Address, Delivery, Headers, WireMessage } from "./seam.ts";

/** Makes a message of any definition on a job's behalf, its place declared. */
export type ComposeEffect = (
  to: AnyDefinition,
  data: unknown,
  options: AnyPublishOptions | undefined,
  cause: Envelope,
) => Promise<{ readonly address: Address; readonly composed: Composed }>;

export interface JobOptions {
  readonly delivery: Delivery;
  readonly decoded: Decoded;
  /** The output of the schema. */
  readonly data: unknown;
  /** Epoch ms at which its handling times out. */
  readonly deadline: number;
  readonly compose: ComposeEffect;
}

/** One message in a handler's hands: what the handler sees, and what core keeps about it. */
export class Job implements Message<unknown> {
  readonly delivery: Delivery;
  readonly data: unknown;
  readonly deadline: number;
  /** Whether core is done with it, be its handler still running or not. */
  settled = false;
  readonly #decoded: Decoded;
  readonly #compose: ComposeEffect;
  #effects: Promise<readonly [Address, WireMessage]>[] | undefined;
  #controller: AbortController | undefined;
  #aborted: WaybillError | undefined;

  constructor({ delivery, decoded, data, deadline, compose }: JobOptions) {
    this.delivery = delivery;
    this.data = data;
    this.deadline = deadline;
    this.#decoded = decoded;
    this.#compose = compose;
  }

  get id(): string {
    return this.#decoded.id;
  }

  get type(): string {
    return this.#decoded.type;
  }

  get source(): string {
    return this.#decoded.source;
  }

  get version(): number {
    return this.#decoded.version;
  }

  get correlationId(): string {
    return this.#decoded.correlationId;
  }

  get causationId(): string | undefined {
    return this.#decoded.causationId;
  }

  get key(): string | undefined {
    return this.#decoded.key;
  }

  get attempt(): number {
    return this.delivery.failures + 1;
  }

  get timestamp(): number {
    const { time } = this.#decoded;
    return time === undefined ? Number.NaN : Date.parse(time);
  }

  get headers(): Headers {
    return userHeaders(this.delivery.headers);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    return this.#controller.signal;
  }

  get send(): Effect<"queue"> {
    return (to, data, options) => this.#effect(to, data, options);
  }

  get publish(): Effect<"topic"> {
    return (to, data, options) => this.#effect(to, data, options);
  }

  /** What the handler has sent, once all of it is checked and written; undefined where it sent nothing, the usual case. */
  effects(): Promise<readonly (readonly [Address, WireMessage])[]> | undefined {
    return this.#effects && Promise.all(this.#effects);
  }

  /** Fires the signal, now or as soon as the handler asks for it. */
  abort(reason: WaybillError): void {
    this.#aborted ??= reason;
    this.#controller?.abort(this.#aborted);
  }

  /** A rejection that the handler does not look at fails its attempt by `effects`; it is no unhandled one. */
  #effect(to: AnyDefinition, data: unknown, options: AnyPublishOptions | undefined): Promise<Envelope> {
    if (this.settled) {
      return Promise.reject(
        new WaybillError("CLOSED", `message ${this.id} is settled, nothing can be sent through it; use the bus`),
      );
    }
    const made = this.#compose(to, data, options, this);
    const effect = made.then(({ address, composed }): readonly [Address, WireMessage] => [address, composed.wire]);
    effect.catch(() => undefined);
    this.#effects ??= [];
    this.#effects.push(effect);
    const envelope = made.then(({ composed }) => composed.envelope);
    envelope.catch(() => undefined);
    return envelope;
  }
}
