import { allOf } from "./all-of.ts";
import type { BatchHandler } from "./batch.ts";
import { Budget } from "./budget.ts";
import type { Call } from "./call.ts";
import type { Clock } from "./clock.ts";
import { type CloseOptions, type Consumer, type HealthOptions, usualStall } from "./consumer.ts";
import type { AnyHandler, Subscription } from "./consumers.ts";
import { Consumers } from "./consumers.ts";
import type { AnyDefinition, Publishable } from "./definition.ts";
import { milliseconds } from "./duration.ts";
import type { Envelope } from "./envelope.ts";
import type { Health } from "./health.ts";
import { inboxHandle, type InboxHandle } from "./inbox-handle.ts";
import { inboxOf, sourceOf } from "./inbox.ts";
import type { WaybillError } from "./errors.ts";
import type { ComposeEffect } from "./job.ts";
import type { Handler } from "./message.ts";
import type { Middleware } from "./middleware.ts";
import { Outlets } from "./outlets.ts";
import type { Pattern } from "./pattern.ts";
import type { Producer, PublishResult } from "./producer.ts";
import type { ManyOptions, PublishOptions } from "./publish-options.ts";
import type { Queue } from "./queue.ts";
import type { RequestOptions } from "./requester.ts";
import { canCall, Requester } from "./requester.ts";
import type { ReplyHandler } from "./responder.ts";
import { Responder } from "./responder.ts";
import type { Schedule, ScheduleInfo, ScheduleOptions } from "./schedule.ts";
import { Schedules } from "./schedules.ts";
import type { Backoff, Inbox, Manifest, Random, Transport } from "./seam.ts";
import type { AnyOptions, Batched, Single, SubscribeOptions, Tunables, WorkOptions } from "./subscribe-options.ts";
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
  readonly report: (
    kind: "dropped" | "lost" | "settle-failed" | "tick-failed",
    inbox: Inbox,
    error: WaybillError,
  ) => void;
  /** What the carrier has said of a connection that is lost or takes nothing, and has not taken back. */
  readonly trouble: () => WaybillError | undefined;
}

/** One service's connection to its carrier: publishes, subscribes, shows. Made by `connect`. */
export class Bus implements AsyncDisposable {
  readonly #context: BusContext;
  readonly #outlets: Outlets;
  readonly #middlewares: Middleware[] = [];
  readonly #consumers: Consumers;
  readonly #requester: Requester;
  readonly #schedules: Schedules;
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
    this.#schedules = new Schedules({ ...context, outlets: this.#outlets });
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
  subscribe<Out>(
    topic: Topic<unknown, Out> | Pattern<Out>,
    options: Batched<SubscribeOptions>,
    handler: BatchHandler<Out>,
  ): Promise<Consumer>;
  subscribe<Out>(
    topic: Topic<unknown, Out> | Pattern<Out>,
    options: Single<SubscribeOptions>,
    handler: Handler<Out>,
  ): Promise<Consumer>;
  async subscribe(
    topic: Topic<unknown> | Pattern,
    options: AnyOptions<SubscribeOptions>,
    handler: AnyHandler,
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
  work<Out>(queue: Queue<unknown, Out>, options: Batched<WorkOptions>, handler: BatchHandler<Out>): Promise<Consumer>;
  work<Out>(queue: Queue<unknown, Out>, options: Single<WorkOptions>, handler: Handler<Out>): Promise<Consumer>;
  async work(queue: Queue<unknown>, options: AnyOptions<WorkOptions>, handler: AnyHandler): Promise<Consumer> {
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
      ...responder.answering(handler),
    });
  }

  /**
   * Publishes at the times of a cron expression. Run by many instances it misses no tick and sends each once, under the id
   * `<name>@<its time in ISO 8601>`; after a crash one may come again, under its id (DLY-3). Changing it is scheduling it anew
   * under its name. Rejects with `UNSUPPORTED` where the carrier keeps no order by key, and TypeError for an expression that cannot
   * be read or never comes, and a zone nobody knows.
   */
  schedule<In>(name: string, options: ScheduleOptions<In>): Promise<Schedule> {
    this.#inUse = true;
    return this.#schedules.start(name, options);
  }

  /** The schedules that the carrier knows, by name, whoever runs them. */
  schedules(): Promise<readonly ScheduleInfo[]> {
    return this.#schedules.list();
  }

  /** Removes a schedule for good. End its instances first, or the next one that starts brings it back. */
  unschedule(name: string): Promise<void> {
    return this.#schedules.remove(name);
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
    return inboxHandle(this.#context.transport, definition, inboxOf(definition, group, options));
  }

  /** Removes a topic or queue with all its groups and everything in them; who publishes to it again makes it anew (GRP-1). */
  async remove(definition: Topic<unknown, unknown> | Queue<unknown, unknown>): Promise<void> {
    await this.#context.transport.remove(sourceOf(definition));
  }

  /** What this carrier, at its version, gives a definition. */
  manifest(definition: AnyDefinition): Manifest {
    return this.#context.transport.supports(definition.shape);
  }

  /** Whether every consumer makes progress, and what keeps one that does not (LIF-3). */
  async health(options: HealthOptions = {}): Promise<Health> {
    const consumers = await this.#consumers.health(options);
    const after = milliseconds(options.stalledAfter ?? usualStall, "stalledAfter");
    const publishing = this.#outlets.health(after, this.#context.trouble());
    return { healthy: [publishing, ...consumers].every(({ healthy }) => healthy), publishing, consumers };
  }

  /**
   * Takes no more, lets handlers finish within the grace period, gives back what was not started, flushes what was published,
   * then closes (LIF-1). Safe to repeat; the first call's grace counts.
   */
  async close({ grace = "30s" }: CloseOptions = {}): Promise<void> {
    const graceMs = milliseconds(grace, "grace");
    this.#closing ??= this.#close(graceMs);
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

  async #close(grace: number): Promise<void> {
    try {
      await allOf([this.#consumers.close({ grace }), this.#schedules.close(grace)]);
      await this.#requester.close();
      await this.#outlets.close();
    } finally {
      await this.#context.transport.close();
    }
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
