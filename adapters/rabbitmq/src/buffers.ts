import type { Held } from "./wire.ts";

interface Waiting {
  readonly held: Held;
  /** Epoch ms. */
  readonly cameAt: number;
}

/** What came to a member and is not delivered, by priority. */
export class Buffers {
  readonly #lanes: readonly Waiting[][];

  constructor(priorities: number) {
    this.#lanes = Array.from({ length: priorities }, () => []);
  }

  /** What is taken next; undefined where nothing waits. */
  get next(): Held | undefined {
    return this.#lanes.findLast((lane) => lane.length > 0)?.[0]?.held;
  }

  add(held: Held, cameAt: number): void {
    this.#lanes[held.lane]?.push({ held, cameAt });
  }

  /** As many as are taken, the highest priority first. */
  take(offer: (held: Held) => boolean): readonly Held[] {
    const taken: Held[] = [];
    for (const lane of this.#lanes.toReversed()) {
      const end = lane.findIndex(({ held }) => !offer(held));
      taken.push(...lane.splice(0, end < 0 ? lane.length : end).map(({ held }) => held));
      if (lane.length > 0) break;
    }
    return taken;
  }

  /** Takes out what came up to then, epoch ms. */
  dropUpTo(until: number): readonly Held[] {
    return this.#lanes.flatMap((lane) => {
      const end = lane.findIndex(({ cameAt }) => cameAt > until);
      return lane.splice(0, end < 0 ? lane.length : end).map(({ held }) => held);
    });
  }
}
