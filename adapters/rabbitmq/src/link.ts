import { type AdapterContext, Supervisor, WaybillError } from "@waybill/core";
import type { Connection } from "./connection.ts";
import { openConnection } from "./open.ts";
import type { Settings } from "./url.ts";

export interface LinkOptions {
  readonly role: "publish" | "consume";
  readonly settings: Settings;
  readonly context: AdapterContext;
}

/** A connection for one role that is opened again whenever it is lost. */
export class Link {
  readonly #options: LinkOptions;
  readonly #supervisor: Supervisor<Connection>;
  #unblocked: (() => void)[] = [];

  constructor(options: LinkOptions) {
    this.#options = options;
    const { context } = options;
    this.#supervisor = new Supervisor<Connection>({
      open: (generation) => this.#open(generation),
      end: (connection) => connection.close(),
      clock: context.clock,
      backoff: context.backoff,
      report: (kind, error) => context.report(kind, undefined, error),
    });
  }

  /** Opens the first connection; rejects if that fails. */
  start(): Promise<Connection> {
    return this.#supervisor.start();
  }

  /** The connection there is now. */
  get connection(): Connection | undefined {
    return this.#supervisor.connection;
  }

  /** The connection as soon as there is one. Rejects with `UNAVAILABLE` by `deadline` (epoch ms), with `CLOSED` after `close`. */
  async ready(deadline: number = Infinity): Promise<Connection> {
    const { connection } = this.#supervisor;
    if (connection !== undefined) return connection;
    return this.#within(deadline, this.#supervisor.ready(), "there is no connection");
  }

  /** As `ready`, and the server takes what is published. */
  async writable(deadline: number): Promise<Connection> {
    for (;;) {
      const connection = await this.ready(deadline);
      if (connection.blocked === undefined) return connection;
      const unblocked = new Promise<void>((resolve) => this.#unblocked.push(resolve));
      await this.#within(deadline, unblocked, `the server takes no messages now: ${connection.blocked}`);
    }
  }

  close(): Promise<void> {
    this.#wake();
    return this.#supervisor.close();
  }

  async #open(generation: number): Promise<Connection> {
    const { role, settings, context } = this.#options;
    const { clock, random } = context;
    return openConnection(settings, {
      role,
      clock,
      random,
      events: {
        onLost: (error) => {
          this.#supervisor.lost(generation, error);
          this.#wake();
        },
        onBlocked: (reason) => this.#blocked(reason),
        onTokenFailed: (error) => context.report("client-error", undefined, error),
      },
    });
  }

  #blocked(reason: string | undefined): void {
    const { context } = this.#options;
    if (reason === undefined) {
      context.report("restored");
      this.#wake();
      return;
    }
    const error = new WaybillError("FULL", `rabbitmq: the server takes no messages now: ${reason}`);
    context.report("throttled", undefined, error);
  }

  #wake(): void {
    for (const wake of this.#unblocked.splice(0)) wake();
  }

  async #within<T>(deadline: number, work: Promise<T>, why: string): Promise<T> {
    if (deadline === Infinity) return work;
    const { clock } = this.#options.context;
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(Math.max(deadline - clock.now(), 0), () =>
      late.reject(new WaybillError("UNAVAILABLE", `rabbitmq: ${why}, and the deadline has passed`)),
    );
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      cancel();
    }
  }
}
