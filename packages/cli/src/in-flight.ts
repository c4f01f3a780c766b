/** Bounds what is under way at once, in number and in bytes. */
export class InFlight {
  readonly #most: { readonly count: number; readonly bytes: number };
  #count = 0;
  #bytes = 0;
  #changed = Promise.withResolvers<void>();

  constructor(most: { readonly count: number; readonly bytes: number }) {
    this.#most = most;
  }

  /** Starts `work` when there is room for it; a single one may be larger than the bound. Resolves when it has started. */
  async start(bytes: number, work: () => Promise<void>): Promise<void> {
    const most = this.#most;
    while (this.#count >= most.count || (this.#count > 0 && this.#bytes + bytes > most.bytes))
      await this.#changed.promise;
    this.#count += 1;
    this.#bytes += bytes;
    const end = (): void => {
      this.#count -= 1;
      this.#bytes -= bytes;
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    };
    work().then(end, end);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#count > 0) await this.#changed.promise;
  }
}
