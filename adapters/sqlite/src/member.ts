import type { Flow, Inbox } from "@waybill/core";
import type { Box } from "./topology.ts";

/** One receiver, as the worker keeps it: its lease, and what it holds. */
export class Member {
  readonly receiver: number;
  readonly inbox: Inbox;
  box: Box;
  token: number;
  flow: Flow;
  stopped = false;
  /** The body bytes of each held entry, by its number. */
  readonly held: Map<number, number> = new Map();
  #bytes = 0;

  constructor(options: {
    readonly receiver: number;
    readonly inbox: Inbox;
    readonly box: Box;
    readonly token: number;
    readonly flow: Flow;
  }) {
    this.receiver = options.receiver;
    this.inbox = options.inbox;
    this.box = options.box;
    this.token = options.token;
    this.flow = options.flow;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether what it gets is settled before it is delivered (ACK-6). */
  get isOnce(): boolean {
    return this.flow.settle === "first";
  }

  /** How many more messages it may be given now. */
  get room(): number {
    if (this.stopped || (this.#bytes >= this.flow.bytes && this.held.size > 0)) return 0;
    return Math.max(0, this.flow.window - this.held.size);
  }

  hold(seq: number, bytes: number): void {
    this.held.set(seq, bytes);
    this.#bytes += bytes;
  }

  /** Gives the bytes it had, undefined if it was not held. */
  letGo(seq: number): number | undefined {
    const bytes = this.held.get(seq);
    this.#bytes -= bytes ?? 0;
    this.held.delete(seq);
    return bytes;
  }

  /** Everything it held, which it no longer does. */
  letAllGo(): readonly number[] {
    const seqs = [...this.held.keys()];
    this.held.clear();
    this.#bytes = 0;
    return seqs;
  }
}
