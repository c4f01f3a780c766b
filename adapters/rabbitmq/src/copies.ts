import type { Clock } from "@waybill/core";
import type { Outbox } from "./outbox.ts";
import type { Packet } from "./wire.ts";

const most = 1_000;
const mostBytes = 2 ** 20;
/** So often is tried what may have been stored. */
const tries = 3;

export interface CopiesOptions {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly timeoutMs: number;
}

/** What is to be stored in queues, in its order, some at a time. */
export class Copies {
  readonly #options: CopiesOptions;
  #packets: Packet[] = [];
  #bytes = 0;

  constructor(options: CopiesOptions) {
    this.#options = options;
  }

  add(packet: Packet): void {
    this.#packets.push(packet);
    this.#bytes += packet.body.length;
  }

  /** Whether it is enough for once. */
  get isFull(): boolean {
    return this.#packets.length >= most || this.#bytes >= mostBytes;
  }

  /** Resolves when all of them are stored; what is not known to be is stored again, with all behind it. */
  async flush(): Promise<void> {
    const { outbox, clock, timeoutMs } = this.#options;
    let left: readonly Packet[] = this.#packets.splice(0);
    this.#bytes = 0;
    for (let again = tries; left.length > 0; again -= 1) {
      const results = await outbox.move(left, clock.now() + timeoutMs);
      const first = results.findIndex((result) => result !== "stored");
      const result = results[first];
      if (result === undefined || result === "stored") return;
      if (again === 0 || !result.error.transient) throw result.error;
      left = left.slice(first);
    }
  }
}
