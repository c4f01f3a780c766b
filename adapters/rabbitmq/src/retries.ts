import { type AdapterContext, type Cancel, toWaybillError } from "@waybill/core";

/** Work that is tried again, with pauses, until it is done or nobody wants it any more. */
export class Retries {
  readonly #context: AdapterContext;
  readonly #pauses = new Set<Cancel>();
  #isOver = false;

  constructor(context: AdapterContext) {
    this.#context = context;
  }

  start(work: () => Promise<void>, attempt: number = 1): void {
    if (this.#isOver) return;
    const { clock, backoff } = this.#context;
    const cancel = clock.after(attempt === 1 ? 0 : backoff(attempt - 1), () => {
      this.#pauses.delete(cancel);
      work().catch((thrown: unknown) => {
        if (toWaybillError(thrown, "UNAVAILABLE").code !== "CLOSED") this.start(work, attempt + 1);
      });
    });
    this.#pauses.add(cancel);
  }

  /** Tries nothing more. */
  stop(): void {
    this.#isOver = true;
    for (const cancel of this.#pauses) cancel();
  }
}
