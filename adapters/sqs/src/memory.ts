import type { Headers } from "@waybill/core";
import type { Held } from "./wire.ts";

interface Known {
  /** How often it was received and nothing failed. */
  readonly uncounted: number;
  readonly headers: Headers;
}

/** More than that is forgotten, the oldest first. */
const most = 10_000;

/**
 * What a member knows of ordered messages that wait in their place and cannot be written on: their notes, and which of their receptions
 * were no failures. It is gone with the member; the broker's count then stands in.
 */
export class Memory {
  readonly #known = new Map<string, Known>();

  note({ messageId, headers }: Held, note: Headers, failed: boolean): void {
    const uncounted = (this.#known.get(messageId)?.uncounted ?? 0) + (failed ? 0 : 1);
    this.forget(messageId);
    this.#known.set(messageId, { uncounted, headers: { ...headers, ...note } });
    const [oldest] = this.#known.keys();
    if (this.#known.size > most && oldest !== undefined) this.#known.delete(oldest);
  }

  /** What came, as it is known here. */
  recall(held: Held): Held {
    const known = this.#known.get(held.messageId);
    if (known === undefined) return held;
    return { ...held, failures: Math.max(held.failures - known.uncounted, 0), headers: known.headers };
  }

  forget(messageId: string): void {
    this.#known.delete(messageId);
  }
}
