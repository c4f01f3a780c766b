import type { Composed, Composer } from "./composer.ts";
import { milliseconds } from "./duration.ts";
import type { Envelope } from "./envelope.ts";
import { toWaybillError, WaybillError } from "./errors.ts";
import { noHeaders } from "./headers.ts";
import type { Lane } from "./lane.ts";
import type { Middleware, Publish } from "./middleware.ts";
import { wrapPublish } from "./middleware.ts";
import type { AnyPublishOptions, ManyOptions, PublishOptions } from "./publish-options.ts";
import type { Headers } from "./seam.ts";

/** What became of one message of a `publishMany` (PUB-3). */
export type PublishResult =
  | { readonly outcome: "stored"; readonly envelope: Envelope }
  | { readonly outcome: "refused" | "unknown"; readonly error: WaybillError };

/** A typed handle that publishes to one topic or sends to one queue. */
export interface Producer<In, Ordered extends boolean = boolean> {
  /** Resolves once the broker has confirmed the message durably (PUB-1); see `Bus.publish`. */
  publish(data: In, options?: PublishOptions<Ordered>): Promise<Envelope>;
  /** Publishes all, waiting for room where the broker is slower; see `Bus.publishMany`. */
  publishMany(
    data: Iterable<In> | AsyncIterable<In>,
    options?: ManyOptions<Ordered>,
  ): Promise<readonly PublishResult[]>;
}

export interface ProducerContext {
  readonly name: string;
  readonly composer: Composer<unknown, unknown>;
  readonly middlewares: readonly Middleware[];
  readonly keyed: Lane;
  readonly unkeyed: Lane;
  readonly publishTimeout: number;
  /** Throws `CLOSED` when nothing may be published any more. */
  admit(): void;
  /** Undefined when there is room for one more; else resolves when there may be. */
  room(): Promise<void> | undefined;
}

const noOptions: AnyPublishOptions = {};
/** How many publishes of one `publishMany` are under way at once. */
const manyWindow = 1_000;

/** The one implementation of `Producer`, whose types the bus gives it. */
export class LaneProducer implements Producer<unknown> {
  readonly #context: ProducerContext;
  readonly #wrapped: Publish | undefined;
  /** Keeps asynchronous schemas from letting a later message overtake (PUB-8). */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(context: ProducerContext) {
    this.#context = context;
    const { middlewares } = context;
    if (middlewares.some(({ publish }) => publish !== undefined)) {
      this.#wrapped = wrapPublish(middlewares, (outgoing) => this.#innermost(outgoing as Draft));
    }
  }

  publish(data: unknown, options: AnyPublishOptions = noOptions): Promise<Envelope> {
    try {
      this.#context.admit();
      if (options.signal?.aborted === true) throw aborted(options.signal);
      return this.#wrapped === undefined ? this.#store(data, options) : this.#pass(this.#wrapped, data, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async publishMany(
    data: Iterable<unknown> | AsyncIterable<unknown>,
    options: AnyPublishOptions = noOptions,
  ): Promise<readonly PublishResult[]> {
    if (options.id !== undefined)
      throw new TypeError(`id is ${JSON.stringify(options.id)}; many messages take no one id`);
    const results: PublishResult[] = [];
    let underWay = 0;
    let index = 0;
    let woken = Promise.withResolvers<void>();
    const settle = (place: number, result: PublishResult): void => {
      results[place] = result;
      underWay -= 1;
      woken.resolve();
    };
    const until = async (most: number): Promise<void> => {
      while (underWay > most) {
        woken = Promise.withResolvers();
        await woken.promise;
      }
    };
    try {
      for await (const item of data) {
        await until(manyWindow - 1);
        for (let full = this.#context.room(); full !== undefined; full = this.#context.room()) await full;
        if (options.signal?.aborted === true) throw aborted(options.signal);
        const place = index++;
        underWay += 1;
        this.publish(item, options).then(
          (envelope) => settle(place, { outcome: "stored", envelope }),
          (error: unknown) => settle(place, failed(error)),
        );
      }
    } finally {
      await until(0);
    }
    return results;
  }

  async #pass(wrapped: Publish, data: unknown, options: AnyPublishOptions): Promise<Envelope> {
    const draft = new Draft(this.#context.name, data, options);
    await wrapped(draft);
    if (draft.envelope !== undefined) return draft.envelope;
    throw new WaybillError("ABORTED", "a middleware did not pass the message on, so it was not published");
  }

  async #innermost(draft: Draft): Promise<void> {
    const { headers, cause } = draft;
    draft.envelope = await this.#store(
      draft.data,
      headers === noHeaders ? draft.options : { ...draft.options, headers },
      cause,
    );
  }

  /** Throws where the message cannot be composed; without a promise of its own, for it runs for every message. */
  #store(data: unknown, options: AnyPublishOptions, cause?: Envelope): Promise<Envelope> {
    const composed = this.#composed(data, options, cause);
    if (composed instanceof Promise) return composed.then((settled) => this.#push(settled, options));
    return this.#push(composed, options);
  }

  #push({ wire, envelope }: Composed, options: AnyPublishOptions): Promise<Envelope> {
    const { publishTimeout, keyed, unkeyed } = this.#context;
    const timeout = options.timeout === undefined ? publishTimeout : milliseconds(options.timeout, "timeout");
    const lane = wire.key === undefined ? unkeyed : keyed;
    return lane.push(wire, envelope.timestamp + timeout, options.signal, envelope);
  }

  #composed(data: unknown, options: AnyPublishOptions, cause: Envelope | undefined): Composed | Promise<Composed> {
    const composed = this.#context.composer.compose(data, options, cause);
    if (!(composed instanceof Promise)) return composed;
    // Its turn comes later than its rejection may, which then were an unhandled one.
    composed.catch(() => undefined);
    const turn = this.#tail.then(() => composed);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }
}

/** An `Outgoing` with what the innermost step needs. */
class Draft {
  readonly type: string;
  readonly data: unknown;
  readonly options: AnyPublishOptions;
  headers: Headers;
  cause: Envelope | undefined;
  envelope: Envelope | undefined;

  constructor(type: string, data: unknown, options: AnyPublishOptions) {
    this.type = type;
    this.data = data;
    this.options = options;
    this.headers = options.headers ?? noHeaders;
  }
}

function aborted(signal: AbortSignal): WaybillError {
  return new WaybillError("ABORTED", "the signal fired before anything was sent", { cause: signal.reason });
}

function failed(thrown: unknown): PublishResult {
  const error = toWaybillError(thrown, "INVALID_DATA");
  return { outcome: error.code === "OUTCOME_UNKNOWN" ? "unknown" : "refused", error };
}
