/** The most of a batch. */
const size = 10;
/** Full batches in flight at most. */
const mostInFlight = 16;

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
}

/**
 * Gathers what is asked for one by one into batches of ten. A full batch leaves at once; a smaller one when none is in flight, so that
 * alone an item waits for nothing, and under load a request carries ten.
 */
export class Batcher<T, R> {
  readonly #run: (items: readonly T[]) => Promise<readonly R[]>;
  #waiting: Waiting<T, R>[] = [];
  #inFlight = 0;
  #scheduled = false;

  /** `run` gives one result each, in order, and never rejects. */
  constructor(run: (items: readonly T[]) => Promise<readonly R[]>) {
    this.#run = run;
  }

  add(item: T): Promise<R> {
    return new Promise((resolve) => {
      this.#waiting.push({ item, resolve });
      if (this.#scheduled) return;
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#flush();
      });
    });
  }

  #flush(): void {
    while (this.#waiting.length >= size && this.#inFlight < mostInFlight) void this.#fly(this.#waiting.splice(0, size));
    if (this.#waiting.length > 0 && this.#inFlight === 0) void this.#fly(this.#waiting.splice(0, size));
  }

  async #fly(batch: readonly Waiting<T, R>[]): Promise<void> {
    this.#inFlight += 1;
    const results = await this.#run(batch.map(({ item }) => item));
    this.#inFlight -= 1;
    for (const [index, { resolve }] of batch.entries()) resolve(results[index] as R);
    this.#flush();
  }
}
