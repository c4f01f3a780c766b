import type { Shard } from "./shard.ts";

interface Options {
  /** Asks where these end by now; whether there was an answer. */
  readonly ends: (shards: readonly Shard[]) => Promise<boolean>;
  readonly wake: () => void;
}

/** Lets what has a lower priority go only while nothing of a higher one is there, by what the brokers say at that moment (PRI-1). */
export class Precedence {
  readonly #options: Options;
  #isSure = false;
  #isAsking = false;

  constructor(options: Options) {
    this.#options = options;
  }

  endTurn(): void {
    this.#isSure = false;
  }

  /** `isReady`: something of this level or below waits in no shard any more. */
  mayGoTo(level: number, feeds: readonly Shard[], isReady: boolean): boolean {
    const higher = feeds.filter((shard) => shard.level > level && shard.state === "open");
    if (higher.some((shard) => !shard.isCaughtUp)) return false;
    if (this.#isSure || higher.length === 0) return true;
    if (this.#isAsking) return false;
    if (!isReady && !feeds.some((shard) => shard.level <= level && shard.peek() !== undefined)) return false;
    this.#isAsking = true;
    void this.#options.ends(higher).then((isKnown) => {
      this.#isAsking = false;
      this.#isSure = isKnown;
      this.#options.wake();
    });
    return false;
  }
}
