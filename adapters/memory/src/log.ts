import type { WireMessage } from "@waybill/core";

export interface Kept {
  readonly message: WireMessage;
  readonly storedAt: number;
}

/** What a topic keeps for replay: each message for `retainMs` after it was stored, whoever has settled it (RET-1). */
export class Log {
  readonly #retainMs: number;
  #kept: Kept[] = [];
  /** Before it everything is too old; cut off when it is half of all. */
  #head = 0;

  constructor(retainMs: number) {
    this.#retainMs = retainMs;
  }

  append(message: WireMessage, now: number): void {
    if (this.#retainMs === 0) return;
    this.#kept.push({ message, storedAt: now });
    this.#prune(now);
  }

  /** What was stored at `from` (epoch ms) or later and is not too old, as it came. */
  since(from: number, now: number): readonly Kept[] {
    this.#prune(now);
    return this.#kept.slice(this.#head).filter(({ storedAt }) => storedAt >= from);
  }

  #prune(now: number): void {
    const isOld = (kept: Kept | undefined): boolean => kept !== undefined && kept.storedAt + this.#retainMs < now;
    while (isOld(this.#kept[this.#head])) this.#head += 1;
    if (this.#head * 2 < this.#kept.length) return;
    this.#kept = this.#kept.slice(this.#head);
    this.#head = 0;
  }
}
