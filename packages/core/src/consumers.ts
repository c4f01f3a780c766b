import { allOf } from "./all-of.ts";
import type { BatchHandler, BatchOptions } from "./batch.ts";
import type { CloseOptions, ConsumerHealth, HealthOptions } from "./consumer.ts";
import { Consumer } from "./consumer.ts";
import type { Clock } from "./clock.ts";
import type { AnyDefinition } from "./definition.ts";
import { WaybillError } from "./errors.ts";
import { placesOf } from "./inbox.ts";
import { gathering } from "./gatherer.ts";
import { Isolation } from "./isolation.ts";
import type { ComposeEffect } from "./job.ts";
import type { Handler } from "./message.ts";
import type { Handle, Middleware } from "./middleware.ts";
import { wrapHandle } from "./middleware.ts";
import { supported } from "./outlets.ts";
import type { Position } from "./position.ts";
import { startAt } from "./position.ts";
import type { RunnerOptions } from "./runner-options.ts";
import { Runner } from "./runner.ts";
import type { Backoff, Inbox, Random, Transport } from "./seam.ts";
import type { AnyOptions, Tunables, Tuning, WorkOptions } from "./subscribe-options.ts";
import { overridden, tuning } from "./subscribe-options.ts";

export interface ConsumersOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: Backoff;
  readonly middlewares: readonly Middleware[];
  readonly tunables: Tunables;
  readonly compose: ComposeEffect;
  readonly report: (kind: "dropped" | "lost" | "settle-failed", inbox: Inbox, error: WaybillError) => void;
}

/** A handler of single messages, or of batches where the options say so. */
export type AnyHandler = Handler<never> | BatchHandler<never>;

/** What a consumer is made of. */
export interface Subscription {
  readonly definition: AnyDefinition;
  readonly inbox: Inbox;
  readonly options: AnyOptions<WorkOptions>;
  readonly handler: AnyHandler;
  /** Where the inbox starts if it is new. Default now. */
  readonly from?: Position | undefined;
  /** Wraps the handler and all middlewares; default nothing. */
  readonly outermost?: ((handle: Handle) => Handle) | undefined;
  /** What stands between the consumer and the carrier; default nothing. */
  readonly receive?: Transport["receive"] | undefined;
}

/** The consuming side of a bus. */
export class Consumers {
  readonly #options: ConsumersOptions;
  readonly #isolation: Isolation;
  readonly #running = new Set<Consumer>();
  #closed = false;

  constructor(options: ConsumersOptions) {
    this.#options = options;
    this.#isolation = new Isolation(options.clock);
  }

  /** Declares the inbox and takes its messages. Rejects with `UNSUPPORTED`, `TOPOLOGY_MISMATCH`, `MISSING`, `CLOSED`. */
  async start({
    definition,
    inbox,
    options,
    handler,
    outermost,
    receive,
    from = "now",
  }: Subscription): Promise<Consumer> {
    this.#admit();
    const { transport, middlewares, tunables } = this.#options;
    if (typeof handler !== "function") {
      throw new TypeError(`${definition.kind} "${definition.name}": the handler is ${typeof handler}; give a function`);
    }
    const manifest = supported(transport, definition);
    const tuned = tuning(overridden(options, tunables, inbox), manifest);
    const work = this.#work(options.batch, tuned, handler);
    const wrapped = wrapHandle(middlewares, work.handle);
    await transport.declare(placesOf(definition, inbox, startAt(from, false, definition, manifest)));
    const runner = new Runner({
      ...this.#options,
      ...tuned,
      ...work,
      inbox,
      definition,
      handle: outermost?.(wrapped) ?? wrapped,
      isolation: this.#isolation,
      report: (kind, error) => this.#options.report(kind, inbox, error),
    });
    try {
      await runner.start(receive === undefined ? transport : { receive });
      this.#admit();
    } catch (error) {
      await runner.close(0);
      throw error;
    }
    const { clock } = this.#options;
    const consumer = new Consumer(runner, { transport, clock, inbox, closed: (gone) => this.#running.delete(gone) });
    this.#running.add(consumer);
    return consumer;
  }

  health(options: HealthOptions): Promise<readonly ConsumerHealth[]> {
    return Promise.all([...this.#running].map((consumer) => consumer.health(options)));
  }

  /** Closes them all and refuses what comes later with `CLOSED`. */
  async close(options: CloseOptions): Promise<void> {
    this.#closed = true;
    await allOf([...this.#running].map((consumer) => consumer.close(options)));
  }

  #work(batch: BatchOptions | undefined, tuned: Tuning, handler: AnyHandler): Pick<RunnerOptions, "handle"> {
    if (batch === undefined) return { handle: promising(handler as Handler<unknown>) };
    return gathering(batch, tuned, this.#options.clock, handler as BatchHandler<unknown>);
  }

  #admit(): void {
    if (this.#closed) throw new WaybillError("CLOSED", "the bus is closed, nothing can be subscribed through it");
  }
}

/** The handler as the innermost step: what it throws at once is a rejection too. */
function promising(handler: Handler<unknown>): Handle {
  return (message) => {
    try {
      return Promise.resolve(handler(message));
    } catch (error) {
      return Promise.reject(error);
    }
  };
}
