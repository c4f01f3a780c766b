import type { AdapterContext } from "@waybill/core";
import { withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { replyCode } from "./errors.ts";

const pauseMs = 25;

/** Lets one at a time do something with an inbox, on this connection or any other. */
export class Lock {
  readonly #context: AdapterContext;
  /** The last of those that wait here, by name. */
  readonly #here = new Map<string, Promise<void>>();

  constructor(context: AdapterContext) {
    this.#context = context;
  }

  /** Runs when nobody else holds the lock of that name; not at all when the signal comes before. */
  async run(connection: Connection, lock: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const before = this.#here.get(lock) ?? Promise.resolve();
    const mine = before.then(() => this.#alone(connection, lock, signal, work));
    const quiet = mine.catch(() => undefined);
    this.#here.set(lock, quiet);
    void quiet.then(() => {
      if (this.#here.get(lock) === quiet) this.#here.delete(lock);
    });
    return mine;
  }

  /** A queue that belongs to our connection, and is gone with it, says that we are there. */
  async #alone(connection: Connection, lock: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    while (!(await this.#take(connection, lock))) {
      if (signal.aborted) return;
      await new Promise<void>((resolve) => void this.#context.clock.after(pauseMs, resolve));
    }
    try {
      await work();
    } finally {
      await withChannel(connection, (channel) => channel.deleteQueue(lock)).catch(() => undefined);
    }
  }

  async #take(connection: Connection, lock: string): Promise<boolean> {
    try {
      await withChannel(connection, (channel) => channel.assertQueue(lock, { exclusive: true, durable: false }));
      return true;
    } catch (thrown) {
      if (isTaken(thrown)) return false;
      throw thrown;
    }
  }
}

function isTaken(thrown: unknown): boolean {
  return replyCode(thrown) === 405 || (thrown instanceof Error && thrown.message.includes("RESOURCE_LOCKED"));
}
