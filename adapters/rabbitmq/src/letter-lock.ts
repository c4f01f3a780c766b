import type { AdapterContext } from "@waybill/core";
import { withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { replyCode } from "./errors.ts";

const pauseMs = 25;

/** Lets one at a time walk through an inbox's dead letters: whoever comes second would see none. */
export class LetterLock {
  readonly #context: AdapterContext;
  /** The last of those that wait here, by queue. */
  readonly #here = new Map<string, Promise<void>>();

  constructor(context: AdapterContext) {
    this.#context = context;
  }

  /** Runs when nobody else walks there, here or elsewhere. Rejects with the signal's reason. */
  async run(connection: Connection, queue: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const before = this.#here.get(queue) ?? Promise.resolve();
    const mine = before.then(() => this.#alone(connection, queue, signal, work));
    const quiet = mine.catch(() => undefined);
    this.#here.set(queue, quiet);
    void quiet.then(() => {
      if (this.#here.get(queue) === quiet) this.#here.delete(queue);
    });
    return mine;
  }

  /** A queue that belongs to our connection, and is gone with it, says that we are there. */
  async #alone(connection: Connection, queue: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const lock = `${queue}:walk`;
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
