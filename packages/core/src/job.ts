import type { Decoded } from "./cloud-events.ts";
import type { Composed } from "./composer.ts";
import type { AnyDefinition } from "./definition.ts";
import type { Envelope } from "./envelope.ts";
import { WaybillError } from "./errors.ts";
import type { Handling, Sent } from "./handling.ts";
import { userHeaders } from "./headers.ts";
import type { Effect } from "./message.ts";
import type { AnyPublishOptions } from "./publish-options.ts";
import { replyToHeader } from "./reply.ts";
import type { Placed } from "./roster.ts";
import type { Address, Delivery, Headers, Inbox } from "./seam.ts";
import { isSuspect } from "./verdict.ts";

/** Makes a message of any definition on a job's behalf, its place declared. */
export type ComposeEffect = (
  to: AnyDefinition,
  data: unknown,
  options: AnyPublishOptions | undefined,
  cause: Envelope,
) => Promise<{ readonly address: Address; readonly composed: Composed }>;

/** What all jobs of a consumer share. */
export interface JobContext {
  readonly inbox: Inbox;
  readonly clock: { now(): number };
  readonly compose: ComposeEffect;
  /** Has the consumer look at its jobs' deadlines at `at`, epoch ms. */
  wake(at: number): void;
}

/** One handling under way. */
export interface Running extends Placed {
  readonly delivery: Delivery;
  /** Undefined while an asynchronous schema reads it. */
  job: Job | undefined;
}

/** One message in a handler's hands: what the handler sees, and what core keeps about it. */
export class Job implements Handling {
  readonly delivery: Delivery;
  /** The output of the schema. */
  readonly data: unknown;
  /** Epoch ms at which its handling times out, and the ms it was given. */
  deadline: number = Infinity;
  limitMs: number = Infinity;
  /** Whether core is done with it, be its handler still running or not. */
  settled = false;
  /** Whether its handler has succeeded: what it sends from now on would not leave with the ack. */
  ended = false;
  readonly #decoded: Decoded;
  readonly #context: JobContext;
  #effects: Promise<Sent>[] | undefined;
  #controller: AbortController | undefined;
  #aborted: WaybillError | undefined;
  #onAbort: ((reason: WaybillError) => void)[] | undefined;

  constructor(context: JobContext, delivery: Delivery, decoded: Decoded, data: unknown) {
    this.#context = context;
    this.delivery = delivery;
    this.data = data;
    this.#decoded = decoded;
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

  get inbox(): Inbox {
    return this.#context.inbox;
  }

  get suspect(): boolean {
    return isSuspect(this.delivery);
  }

  get isRequest(): boolean {
    return replyToHeader in this.delivery.headers;
  }

  get group(): string {
    return this.#context.inbox.group;
  }

  get expiresAt(): number | undefined {
    return this.#decoded.expiresAt;
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

  limit(ms: number): void {
    const at = this.#context.clock.now() + ms;
    if (at >= this.deadline) return;
    this.deadline = at;
    this.limitMs = ms;
    this.#context.wake(at);
  }

  effects(): Promise<readonly Sent[]> | undefined {
    return this.#effects && Promise.all(this.#effects);
  }

  adopt(effects: readonly Sent[]): void {
    for (const effect of effects) this.#add(Promise.resolve(effect));
  }

  get aborted(): boolean {
    return this.#aborted !== undefined;
  }

  /** Fires the signal, now or as soon as the handler asks for it. */
  abort(reason: WaybillError): void {
    if (this.#aborted !== undefined) return;
    this.#aborted = reason;
    this.#controller?.abort(reason);
    for (const run of this.#onAbort ?? []) run(reason);
  }

  /** The delivery is others' by now: nothing of it is settled any more. */
  lose(cause: WaybillError): void {
    this.settled = true;
    this.abort(cause);
  }

  onAbort(run: (reason: WaybillError) => void): void {
    if (this.#aborted !== undefined) return run(this.#aborted);
    this.#onAbort ??= [];
    this.#onAbort.push(run);
  }

  #effect(to: AnyDefinition, data: unknown, options: AnyPublishOptions | undefined): Promise<Envelope> {
    const made =
      this.settled || this.ended ? Promise.reject(this.#tooLate()) : this.#context.compose(to, data, options, this);
    this.#add(made.then(({ address, composed }): Sent => [address, composed.wire]));
    const envelope = made.then(({ composed }) => composed.envelope);
    envelope.catch(() => undefined);
    return envelope;
  }

  /** A rejection that the handler does not look at fails its attempt by `effects`; it is no unhandled one. */
  #add(effect: Promise<Sent>): void {
    effect.catch(() => undefined);
    this.#effects ??= [];
    this.#effects.push(effect);
  }

  #tooLate(): WaybillError {
    return new WaybillError(
      "CLOSED",
      `message ${this.id} has been handled, nothing can be sent through it; use the bus`,
    );
  }
}
