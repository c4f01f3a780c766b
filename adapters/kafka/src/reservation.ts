import type { Shard } from "./shard.ts";

interface Options {
  readonly shards: () => readonly Shard[];
  /** Writes down what may come into hand. */
  readonly commit: (shard: Shard) => Promise<boolean>;
  readonly wake: () => void;
}

interface Suspect {
  readonly shard: Shard;
  readonly offset: number;
  /** It is written down that nothing else is in hand. */
  isReady: boolean;
  wasLet: boolean;
}

/** From so many crashes on a message is in hand alone. */
const suspicious = 2;

/**
 * What may come into hand stands in a commit before it does: what was in hands that died counts as delivered. Whatever may have killed
 * them is in hand alone, so that a further crash counts against nobody beside it (DLQ-4).
 */
export class Reservation {
  readonly #options: Options;
  #suspect: Suspect | undefined;
  #inHand = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  came(shard: Shard): void {
    this.#inHand += 1;
    shard.inHand += 1;
  }

  went(shard: Shard): void {
    this.#inHand -= 1;
    shard.inHand -= 1;
  }

  /** Whether this one may come into hand now; if not, that is seen to, and it may later. `isTaken`: it is asked for before all others. */
  may(shard: Shard, offset: number, isTaken: boolean): boolean {
    const suspect = this.#current();
    if (suspect !== undefined) {
      if (suspect.shard === shard && suspect.offset === offset) {
        if (this.#inHand > 0) return false;
        if (!suspect.isReady) return this.#isolate(suspect);
        suspect.wasLet = true;
        return true;
      }
      if (!isTaken || suspect.wasLet) return false;
      // The suspect is asked for only behind this one, and is found again then.
      this.#suspect = undefined;
    }
    if (shard.progress.crashesOf(offset) >= suspicious) {
      this.#suspect = { shard, offset, isReady: false, wasLet: false };
      return this.#inHand === 0 ? this.#isolate(this.#suspect) : false;
    }
    if (shard.isReserved(offset)) return true;
    if (!shard.isReserving) {
      shard.reserve();
      void this.#write(shard);
    }
    return false;
  }

  /** Says early what may come into hand, so that nothing has to wait for it. */
  lookAhead(shard: Shard): void {
    if (!shard.isShort || shard.isReserving || this.#suspect !== undefined) return;
    shard.reserve();
    void this.#write(shard);
  }

  /** The one that is or will be in hand alone. */
  #current(): Suspect | undefined {
    const suspect = this.#suspect;
    if (suspect === undefined) return undefined;
    const { shard, offset, wasLet } = suspect;
    const isOver = shard.state !== "open" || shard.progress.isDone(offset) || (wasLet && this.#inHand === 0);
    if (isOver) this.#suspect = undefined;
    return this.#suspect;
  }

  #isolate(suspect: Suspect): false {
    const { shards, commit, wake } = this.#options;
    const all = shards();
    if (all.some(({ isReserving }) => isReserving)) return false;
    for (const shard of all) {
      if (shard !== suspect.shard) shard.reserveNothing();
      shard.isReserving = true;
    }
    suspect.shard.reserveOnly(suspect.offset);
    void Promise.all(all.map((shard) => commit(shard))).then((areDone) => {
      for (const shard of all) shard.isReserving = false;
      suspect.isReady = areDone.every(Boolean);
      wake();
    });
    return false;
  }

  async #write(shard: Shard): Promise<void> {
    shard.isReserving = true;
    await this.#options.commit(shard);
    shard.isReserving = false;
    this.#options.wake();
  }
}
