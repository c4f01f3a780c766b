/** Looks a time-out is made of: a blocked event loop misses many of them, and an answer that waits to be read is read between. */
const looks = 4;

/** Notices when a connection has questions out and nothing answers: one timer for all of them. */
export class Watchdog {
  readonly #everyMs: number;
  readonly #onSilence: () => void;
  #timer: NodeJS.Timeout | undefined;
  #open = 0;
  #answered = 0;
  #seen = 0;
  #silent = 0;

  /** `onSilence` is called once nothing has answered for `timeoutMs`, a quarter of that later at most. */
  constructor(timeoutMs: number, onSilence: () => void) {
    this.#everyMs = Math.max(1, timeoutMs / looks);
    this.#onSilence = onSilence;
  }

  asked(): void {
    this.#open += 1;
    if (this.#timer !== undefined) return;
    this.#silent = 0;
    this.#seen = this.#answered;
    this.#timer = setInterval(() => this.#look(), this.#everyMs);
  }

  answered(): void {
    this.#open -= 1;
    this.#answered += 1;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    if (this.#open === 0) return this.stop();
    this.#silent = this.#answered === this.#seen ? this.#silent + 1 : 0;
    this.#seen = this.#answered;
    if (this.#silent <= looks) return;
    this.stop();
    this.#onSilence();
  }
}
