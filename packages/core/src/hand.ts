import { type Placed, Roster } from "./roster.ts";
import type { Delivery, Flow } from "./seam.ts";

/** What may be taken now. */
export interface Room {
  readonly count: number;
  readonly bytes: number;
  /** Whether one message may be larger than that. */
  readonly alone: boolean;
}

/** What a member has in hand, and how much more its flow lets it take (SUB-14). */
export class Hand<Held extends Delivery & Placed> {
  flow: Flow;
  readonly #held = new Roster<Held>();
  #bytes = 0;

  constructor(flow: Flow) {
    this.flow = flow;
  }

  get room(): Room {
    const { window, bytes } = this.flow;
    return {
      count: Math.max(window - this.#held.size, 0),
      bytes: Math.max(bytes - this.#bytes, 0),
      alone: this.#held.size === 0,
    };
  }

  /** Takes it where there is room; says whether there was. */
  offer(delivery: Held): boolean {
    const { window, bytes } = this.flow;
    const { size } = this.#held;
    if (size >= window || (size > 0 && delivery.body.length > bytes - this.#bytes)) return false;
    this.add(delivery);
    return true;
  }

  add(delivery: Held): void {
    this.#held.add(delivery);
    this.#bytes += delivery.body.length;
  }

  /** False if it is not in hand. */
  delete(delivery: Held): boolean {
    if (!this.#held.delete(delivery)) return false;
    this.#bytes -= delivery.body.length;
    return true;
  }

  all(): readonly Held[] {
    return this.#held.all();
  }

  /** Everything that was in it. */
  empty(): readonly Held[] {
    const all = this.#held.all();
    for (const delivery of all) this.delete(delivery);
    return all;
  }
}
