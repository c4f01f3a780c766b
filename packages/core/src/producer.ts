import type { Composed, Composer } from "./composer.ts";
import { milliseconds } from "./duration.ts";
import type { Envelope } from "./envelope.ts";
import { toWaybillError, WaybillError } from "./errors.ts";
import { noHeaders } from "./headers.ts";
import type { Lane } from "./lane.ts";
import type { Middleware, Publish } from "./middleware.ts";
import { wrapPublish } from "./middleware.ts";
import type { AnyPublishOptions, PublishOptions } from "./publish-options.ts";
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
  publishMany(data: Iterable<In> | AsyncIterable<In>, options?: PublishOptions<Ordered>): Promise<readonly PublishResult[]>;
}

export interface ProducerContext {
  readonly name: string;
  readonly composer: Composer<unknown, unknown>;
  readonly middlewares: readonly Middleware[];
  readonly keyed: Lane;
  readonly unkeyed: Lane;
  readonly publishTimeout: number;
  now(): number;
  /** Throws `CLOSED` when nothing may be published any more. */
  admit(): void;
  /** Resolves when there is room for more. */
  room(): Promise<void>;
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

  async publish(data: unknown, options: AnyPublishOptions = noOptions): Promise<Envelope> {
    this.#context.admit();
    if (options.signal?.aborted === true) throw aborted(options.signal);
    if (this.#wrapped === undefined) return this.#store(data, options);
    const draft = new Draft(this.#context.name, data, options);
    await this.#wrapped(draft);
    if (draft.envelope !== undefined) return draft.envelope;
    throw new WaybillError("ABORTED", "a middleware did not pass the message on, so it was not published");
  }

  async publishMany(
    data: Iterable<unknown> | AsyncIterable<unknown>,
    options: AnyPublishOptions = noOptions,
  ): Promise<readonly PublishResult[]> {
    const results: PublishResult[] = [];
    const underWay = new Set<Promise<void>>();
    let index = 0;
    try {
      for await (const item of data) {
        if (options.signal?.aborted === true) throw aborted(options.signal);
        const place = index++;
        const one = this.publish(item, options)
          .then(
            (envelope) => void (results[place] = { outcome: "stored", envelope }),
            (error: unknown) => void (results[place] = failed(error)),
          )
          .finally(() => underWay.delete(one));
        underWay.add(one);
        if (underWay.size >= manyWindow) await Promise.race(underWay);
        await this.#context.room();
      }
    } finally {
      await Promise.all(underWay);
    }
    return results;
  }

  async #innermost(draft: Draft): Promise<void> {
    const { headers } = draft;
    draft.envelope = await this.#store(draft.data, headers === noHeaders ? draft.options : { ...draft.options, headers });
  }

  async #store(data: unknown, options: AnyPublishOptions): Promise<Envelope> {
    const composed = this.#composed(data, options);
    const { wire, envelope } = composed instanceof Promise ? await composed : composed;
    const { publishTimeout, keyed, unkeyed } = this.#context;
    const timeout = options.timeout === undefined ? publishTimeout : milliseconds(options.timeout, "timeout");
    const lane = wire.key === undefined ? unkeyed : keyed;
    await lane.push(wire, this.#context.now() + timeout, options.signal);
    return envelope;
  }

  #composed(data: unknown, options: AnyPublishOptions): Composed | Promise<Composed> {
    const composed = this.#context.composer.compose(data, options);
    if (!(composed instanceof Promise)) return composed;
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
