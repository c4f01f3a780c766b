import type { Duration } from "./duration.ts";
import { milliseconds } from "./duration.ts";
import type { WaybillError } from "./errors.ts";
import type { Runner } from "./runner.ts";
import type { StallContext } from "./stall.ts";
import { stallOf } from "./stall.ts";

export interface CloseOptions {
  /** How long running handlers may take to finish before they are told to stop and given back. Default `"30s"` (LIF-1). */
  readonly grace?: Duration | undefined;
}

export interface HealthOptions {
  /**
   * How long messages may be ready and a consumer with room get none, or wait to be published and none be stored, before that counts
   * as stalled. Default `"30s"`; not below
   * what the handlers and the broker need to take up what is there.
   */
  readonly stalledAfter?: Duration | undefined;
}

export const usualStall = "30s";

export interface ConsumerHealth {
  readonly source: string;
  readonly group: string;
  readonly healthy: boolean;
  /** By the user: it takes nothing, which is as it should be. */
  readonly paused: boolean;
  readonly running: number;
  readonly waiting: number;
  /** Why it makes no progress; undefined when healthy. */
  readonly error: WaybillError | undefined;
}

export interface ConsumerContext extends Omit<StallContext, "idler"> {
  readonly closed: (consumer: Consumer) => void;
}

/** A running subscription. */
export class Consumer implements AsyncDisposable {
  readonly source: string;
  readonly group: string;
  readonly #runner: Runner;
  readonly #context: ConsumerContext;
  #closing: Promise<void> | undefined;

  constructor(runner: Runner, context: ConsumerContext) {
    this.source = context.inbox.source;
    this.group = context.inbox.group;
    this.#runner = runner;
    this.#context = context;
  }

  /** Starts no more handlers and gives back what was not started; handlers that run go on (SUB-10). */
  pause(): void {
    void this.#runner.stop("paused");
  }

  resume(): void {
    this.#runner.go("paused");
  }

  /** Whether it makes progress, as far as there is any to make: a connection alone is not healthy (LIF-3). */
  async health({ stalledAfter = usualStall }: HealthOptions = {}): Promise<ConsumerHealth> {
    const after = milliseconds(stalledAfter, "stalledAfter");
    const stall = this.#runner.trouble ?? (await stallOf({ ...this.#context, idler: this.#runner }, after));
    const { running, waiting, paused, trouble } = this.#runner;
    const error = trouble ?? stall;
    return { source: this.source, group: this.group, healthy: error === undefined, paused, running, waiting, error };
  }

  /** Takes no more, lets handlers finish, gives back what was not started, settles (LIF-1). Safe to repeat. */
  async close({ grace = "30s" }: CloseOptions = {}): Promise<void> {
    const graceMs = milliseconds(grace, "grace");
    this.#closing ??= this.#runner.close(graceMs).finally(() => this.#context.closed(this));
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
