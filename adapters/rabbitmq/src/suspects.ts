import type { Entry } from "./shard-entry.ts";

export interface SuspectsOptions {
  /** Writes down what is in hand, and what is not. */
  readonly write: () => Promise<void>;
  /** One may go. */
  readonly ready: () => void;
}

/**
 * What was in the hands of a member that died. As long as there is any, messages go one by one, and before each it is written down that
 * the others are not in hand, so that another death counts against none of them (DLQ-4).
 */
export class Suspects {
  readonly #options: SuspectsOptions;
  readonly #tags = new Set<number>();
  /** What may go, and what is written down as in hand. */
  #marked: Entry | undefined;
  #next: Entry | undefined;
  #isWriting = false;

  constructor(options: SuspectsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#tags.size;
  }

  add(tag: number): void {
    this.#tags.add(tag);
  }

  delete(tag: number): void {
    this.#tags.delete(tag);
  }

  /** Whether this one may go now, nothing being in hand; if not, it will be told when it may. */
  mayGo(first: Entry | undefined): boolean {
    if (first === undefined) return false;
    if (this.#marked === first) return true;
    if (!this.#isWriting) void this.#mark(first);
    return false;
  }

  /** Whether it is the one that is about to be in hand. */
  isNext(entry: Entry): boolean {
    return entry === this.#next;
  }

  async #mark(entry: Entry): Promise<void> {
    this.#isWriting = true;
    this.#next = entry;
    try {
      await this.#options.write();
      this.#marked = entry;
    } catch {
      // The channel is gone, or it is tried again.
    }
    this.#isWriting = false;
    this.#options.ready();
  }
}
