import type { Duration } from "./duration.ts";
import { milliseconds } from "./duration.ts";
import type { WaybillError } from "./errors.ts";
import type { Runner } from "./runner.ts";

export interface CloseOptions {
  /** How long running handlers may take to finish before they are told to stop and given back. Default `"30s"` (LIF-1). */
  readonly grace?: Duration | undefined;
}

export interface ConsumerHealth {
  readonly source: string;
  readonly group: string;
  readonly healthy: boolean;
  readonly running: number;
  readonly waiting: number;
  /** Why it makes no progress; undefined when healthy. */
  readonly error: WaybillError | undefined;
}

/** A running subscription. */
export class Consumer implements AsyncDisposable {
  readonly source: string;
  readonly group: string;
  readonly #runner: Runner;
  readonly #closed: (consumer: Consumer) => void;
  #closing: Promise<void> | undefined;

  constructor(source: string, group: string, runner: Runner, closed: (consumer: Consumer) => void) {
    this.source = source;
    this.group = group;
    this.#runner = runner;
    this.#closed = closed;
  }

  /** Starts no more handlers and gives back what was not started; handlers that run go on (SUB-10). */
  pause(): void {
    this.#runner.pause();
  }

  resume(): void {
    this.#runner.resume();
  }

  health(): ConsumerHealth {
    const { running, waiting, trouble } = this.#runner;
    return { source: this.source, group: this.group, healthy: trouble === undefined, running, waiting, error: trouble };
  }

  /** Takes no more, lets handlers finish, gives back what was not started, settles (LIF-1). Safe to repeat. */
  async close({ grace = "30s" }: CloseOptions = {}): Promise<void> {
    const graceMs = milliseconds(grace, "grace");
    this.#closing ??= this.#runner.close(graceMs).finally(() => this.#closed(this));
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
