import type { Cancel, Clock } from "./clock.ts";
import { toWaybillError, WaybillError } from "./errors.ts";
import type { Backoff } from "./seam.ts";

export interface SupervisorOptions<C> {
  /** Opens a connection. Its generation tells it from all earlier ones. */
  open(generation: number): Promise<C>;
  /** Ends a connection that is still open. Never throws. */
  end(connection: C): Promise<void>;
  readonly clock: Clock;
  readonly backoff: Backoff;
  report(kind: "lost" | "restored", error?: WaybillError): void;
}

export type SupervisorState = "idle" | "connecting" | "up" | "down" | "closed";

/**
 * Keeps one connection alive: after a loss it opens the next one, with jittered backoff, until closed. Each connection has a
 * generation, so that nothing of an older one is taken for the present one's.
 */
export class Supervisor<C> {
  readonly #options: SupervisorOptions<C>;
  #state: SupervisorState = "idle";
  #generation = 0;
  #connection: C | undefined;
  #pause: Cancel | undefined;
  /** Why the connection that is being opened is lost already. */
  #stillborn: { readonly cause: unknown } | undefined;
  #waiting: { readonly resolve: (connection: C) => void; readonly reject: (error: WaybillError) => void }[] = [];

  constructor(options: SupervisorOptions<C>) {
    this.#options = options;
  }

  get state(): SupervisorState {
    return this.#state;
  }

  get generation(): number {
    return this.#generation;
  }

  /** The open connection, if there is one now. */
  get connection(): C | undefined {
    return this.#connection;
  }

  /** Opens the first connection. Rejects if that fails: a wrong URL is an error at once, not an endless retry. */
  async start(): Promise<C> {
    this.#state = "connecting";
    try {
      return await this.#open();
    } catch (error) {
      this.#state = "closed";
      this.#refuse();
      throw error;
    }
  }

  /** The connection, as soon as there is one. Rejects with `CLOSED` when the supervisor is closed before. */
  ready(): Promise<C> {
    if (this.#connection !== undefined) return Promise.resolve(this.#connection);
    if (this.#state === "closed") return Promise.reject(closed());
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Says that the connection of a generation is gone. Of an older generation it says nothing new and does nothing. */
  lost(generation: number, cause: unknown): void {
    if (generation !== this.#generation || this.#state === "closed") return;
    if (this.#state !== "up") {
      this.#stillborn = { cause };
      return;
    }
    this.#connection = undefined;
    this.#state = "down";
    this.#options.report("lost", toWaybillError(cause, "UNAVAILABLE"));
    void this.#reopen(1);
  }

  /** Ends the connection and opens no more. Safe to repeat. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#pause?.();
    const connection = this.#connection;
    this.#connection = undefined;
    this.#refuse();
    if (connection !== undefined) await this.#options.end(connection);
  }

  #refuse(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(closed());
  }

  async #open(): Promise<C> {
    this.#generation += 1;
    this.#stillborn = undefined;
    const connection = await this.#options.open(this.#generation);
    const stillborn = this.#stillborn as { readonly cause: unknown } | undefined;
    if (stillborn !== undefined || (this.#state as SupervisorState) === "closed") {
      await this.#options.end(connection);
      throw stillborn === undefined ? closed() : toWaybillError(stillborn.cause, "UNAVAILABLE");
    }
    this.#connection = connection;
    this.#state = "up";
    for (const { resolve } of this.#waiting.splice(0)) resolve(connection);
    return connection;
  }

  async #reopen(attempt: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#pause = this.#options.clock.after(this.#options.backoff(attempt), resolve);
    });
    if (this.#state !== "down") return;
    try {
      await this.#open();
      this.#options.report("restored");
    } catch {
      if ((this.#state as SupervisorState) === "down") void this.#reopen(attempt + 1);
    }
  }
}

function closed(): WaybillError {
  return new WaybillError("CLOSED", "the connection was closed");
}
