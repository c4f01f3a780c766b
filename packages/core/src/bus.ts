import { Budget } from "./budget.ts";
import type { Call } from "./call.ts";
import type { Clock } from "./clock.ts";
import type { CloseOptions, Consumer, ConsumerHealth, HealthOptions } from "./consumer.ts";
import type { Subscription } from "./consumers.ts";
import { Consumers } from "./consumers.ts";
import { DeadLetters } from "./dead-letters.ts";
import type { AnyDefinition, Publishable } from "./definition.ts";
import { milliseconds } from "./duration.ts";
import type { Envelope } from "./envelope.ts";
import type { InboxHandle } from "./inbox-handle.ts";
import { inboxOf, placesOf, sourceOf } from "./inbox.ts";
import type { WaybillError } from "./errors.ts";
import type { ComposeEffect } from "./job.ts";
import type { Handler } from "./message.ts";
import type { Middleware } from "./middleware.ts";
import { Outlets, supported } from "./outlets.ts";
import type { Pattern } from "./pattern.ts";
import type { Position } from "./position.ts";
import { startAt } from "./position.ts";
import type { Producer, PublishResult } from "./producer.ts";
import type { ManyOptions, PublishOptions } from "./publish-options.ts";
import type { Queue } from "./queue.ts";
import type { RequestOptions } from "./requester.ts";
import { canCall, Requester } from "./requester.ts";
import type { ReplyHandler } from "./responder.ts";
import { Responder } from "./responder.ts";
import type { Backoff, Inbox, Manifest, Random, Transport } from "./seam.ts";
import type { SubscribeOptions, Tunables, WorkOptions } from "./subscribe-options.ts";
import type { Topic } from "./topic.ts";

export interface BusContext {
  readonly transport: Transport;
  readonly source: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: Backoff;
  readonly newId: () => string;
  readonly publishTimeout: number;
  readonly maxBufferedBytes: number;
  readonly tunables: Tunables;
  readonly report: (kind: "dropped" | "lost" | "settle-failed", inbox: Inbox, error: WaybillError) => void;
}

export interface Health {
  readonly healthy: boolean;
  readonly consumers: readonly ConsumerHealth[];
}

/** One service's connection to its carrier: publishes, subscribes, shows. Made by `connect`. */
export class Bus implements AsyncDisposable {
  readonly #context: BusContext;
  readonly #outlets: Outlets;
  readonly #middlewares: Middleware[] = [];
  readonly #consumers: Consumers;
  readonly #requester: Requester;
  #closing: Promise<void> | undefined;
  #inUse = false;

  constructor(context: BusContext) {
    this.#context = context;
    this.#outlets = new Outlets({
      ...context,
      budget: new Budget(context.maxBufferedBytes),
      middlewares: this.#middlewares,
    });
    this.#consumers = new Consumers({ ...context, middlewares: this.#middlewares, compose: this.#compose });
    this.#requester = new Requester({ ...context, outlets: this.#outlets });
  }

  /** Wraps every handling and publish. Before anything else is done with the bus, so that nothing goes unwrapped. */
  use(middleware: Middleware): this {
    if (this.#inUse) throw new TypeError(`use("${middleware.name}") comes before the first publish and subscribe`);
    this.#middlewares.push(middleware);
    return this;
  }

  /**
   * Resolves once the broker has confirmed the message durably, by the broker's own definition (PUB-1).
   * Rejects with `INVALID_DATA`, `TOO_LARGE`, `BUSY`, `CLOSED`, `TIMEOUT` or `ABORTED`: it is not stored; or with
   * `OUTCOME_UNKNOWN`: it may be (PUB-2).
   */
  publish<In, O extends boolean>(
    topic: Topic<In, unknown, O>,
    data: NoInfer<In>,
    options?: PublishOptions<O>,
  ): Promise<Envelope> {
    return this.#publish(topic, data, options);
  }

  /** As `publish`, to a queue: kept for its workers, also before any ever ran (PUB-7). */
  send<In, O extends boolean>(
    queue: Queue<In, unknown, O>,
    data: NoInfer<In>,
    options?: PublishOptions<O>,
  ): Promise<Envelope> {
    return this.#publish(queue, data, options);
  }

  /** Publishes or sends all of an array or a stream, a thousand at a time; a result each, in order (PUB-3). */
  async publishMany<In, O extends boolean>(
    to: Publishable<In, O>,
    data: Iterable<NoInfer<In>> | AsyncIterable<NoInfer<In>>,
    options?: ManyOptions<O>,
  ): Promise<readonly PublishResult[]> {
    return this.producer(to).publishMany(data, options);
  }

  /** A handle that publishes to one topic or queue. @throws WaybillError `UNSUPPORTED` */
  producer<In, O extends boolean>(to: Publishable<In, O>): Producer<In, O> {
    this.#inUse = true;
    return this.#outlets.of(to).producer;
  }

  /**
   * Handles a group's messages of a topic or of a pattern of topics. Once it resolves, every message confirmed later reaches
   * the group (SUB-1).
   * Rejects with `UNSUPPORTED`, `TOPOLOGY_MISMATCH`, `MISSING`; TypeError for an option that cannot be.
   */
  async subscribe<Out>(
    topic: Topic<unknown, Out> | Pattern<Out>,
    options: SubscribeOptions,
    handler: Handler<Out>,
  ): Promise<Consumer> {
    const inbox = inboxOf(topic, options.group, { ordered: options.ordered });
    return this.#consume({ definition: topic, inbox, options, handler, from: options.from });
  }

  /** Handles this process's own copy of what comes while it listens, gone when it closes (SUB-7). */
  async listen<Out>(
    topic: Topic<unknown, Out> | Pattern<Out>,
    handler: Handler<Out>,
    options: WorkOptions = {},
  ): Promise<Consumer> {
    const group = `listen-${this.#context.newId()}`;
    return this.#consume({ definition: topic, inbox: inboxOf(topic, group, { ephemeral: true }), options, handler });
  }

  /** Handles a queue's messages, shared with all other workers; see `subscribe`. */
  async work<Out>(queue: Queue<unknown, Out>, options: WorkOptions, handler: Handler<Out>): Promise<Consumer> {
    return this.#consume({ definition: queue, inbox: inboxOf(queue, undefined), options, handler });
  }

  /**
   * Asks, and resolves to the reply: its own, many at a time (RPC-1). Rejects with `INVALID_DATA` for wrong data, `TIMEOUT` where
   * no reply came in time, `RemoteError` where the handling failed for good, `ABORTED`, `CLOSED`, `UNSUPPORTED` where the carrier
   * has no addresses for replies, and as `publish` does.
   */
  async request<In, Out>(
    call: Call<In, unknown, unknown, Out>,
    data: NoInfer<In>,
    options: RequestOptions = {},
  ): Promise<Out> {
    this.#inUse = true;
    return (await this.#requester.request(call, data, options)) as Out;
  }

  /**
   * Answers the requests of a call, shared with all others that do; the handler's result is the reply. Options as of `work`, but
   * by default one attempt: an error goes to the caller when the last attempt has failed, and the request is over. What the
   * caller cannot be told is a dead letter.
   */
  async reply<Out, ReplyIn>(
    call: Call<unknown, Out, ReplyIn, unknown>,
    options: WorkOptions,
    handler: ReplyHandler<Out, NoInfer<ReplyIn>>,
  ): Promise<Consumer> {
    this.#inUse = true;
    canCall(this.#context.transport, call);
    const responder = new Responder(call, this.#context);
    return this.#consumers.start({
      definition: call.request,
      inbox: inboxOf(call.request, undefined),
      options: { ...options, retry: { ...options.retry, maxAttempts: options.retry?.maxAttempts ?? 1 } },
      handler: responder.handling(handler),
      receive: responder.receive,
    });
  }

  /** One group's copy of a topic or a pattern: its dead letters, its depth. The group is made if it is new. */
  inbox(
    topic: Topic<unknown, unknown> | Pattern,
    group: string,
    options?: { readonly ordered?: false | undefined },
  ): InboxHandle;
  /** A queue: its dead letters, its depth. */
  inbox(queue: Queue<unknown, unknown>): InboxHandle;
  inbox(
    definition: AnyDefinition,
    group?: string,
    options: { readonly ordered?: false | undefined } = {},
  ): InboxHandle {
    const { transport } = this.#context;
    const inbox = inboxOf(definition, group, options);
    const places = placesOf(definition, inbox);
    const ready = (): Promise<void> => transport.declare(places);
    const seek = async (to: Position): Promise<void> => {
      const start = startAt(to, true, definition, supported(transport, definition));
      await transport.declare(placesOf(definition, inbox, start));
    };
    return {
      source: inbox.source,
      group: inbox.group,
      deadLetters: new DeadLetters(transport, inbox, definition, ready),
      seek,
      stats: () => ready().then(() => transport.depth(inbox)),
      remove: () => transport.remove({ kind: "inbox", inbox, start: { from: "now", reset: false } }),
    };
  }

  /** What this carrier, at its version, gives a definition. */
  manifest(definition: AnyDefinition): Manifest {
    return this.#context.transport.supports(definition.shape);
  }

  /** Whether every consumer makes progress, and what keeps one that does not (LIF-3). */
  async health(options: HealthOptions = {}): Promise<Health> {
    const consumers = await this.#consumers.health(options);
    return { healthy: consumers.every(({ healthy }) => healthy), consumers };
  }

  /**
   * Takes no more, lets handlers finish within the grace period, gives back what was not started, flushes what was published,
   * then closes (LIF-1). Safe to repeat; the first call's grace counts.
   */
  async close({ grace = "30s" }: CloseOptions = {}): Promise<void> {
    const graceMs = milliseconds(grace, "grace");
    this.#closing ??= this.#close({ grace: graceMs });
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Rejects, never throws, and costs no promise of its own. */
  #publish<In, O extends boolean>(
    to: Publishable<In, O>,
    data: In,
    options: PublishOptions<O> | undefined,
  ): Promise<Envelope> {
    try {
      return this.producer(to).publish(data, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #close(options: CloseOptions): Promise<void> {
    await this.#consumers.close(options);
    await this.#requester.close();
    await this.#outlets.close();
    await this.#context.transport.close();
  }

  #consume(subscription: Subscription): Promise<Consumer> {
    this.#inUse = true;
    return this.#consumers.start(subscription);
  }

  readonly #compose: ComposeEffect = async (to, data, options, cause) => {
    const outlet = this.#outlets.of(to);
    const composed = await outlet.composer.compose(data, options, cause);
    await outlet.declared();
    return { address: sourceOf(to), composed };
  };
}
