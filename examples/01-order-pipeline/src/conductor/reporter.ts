import type { Report } from "./reports.ts";

/** Brings reports to the conductor; resolves when they are out of this process's hands. */
export type Deliver = (reports: readonly Report[]) => Promise<void>;

/** Gathers what is reported in one turn of the event loop into one delivery. */
export class Reporter {
  readonly #deliver: Deliver;
  #batch: Report[] = [];
  #delivery: Promise<void> | undefined;

  constructor(deliver: Deliver) {
    this.#deliver = deliver;
  }

  /** Resolves when the report, and every one before it, would survive a kill of this process. */
  tell(report: Report): Promise<void> {
    this.#batch.push(report);
    this.#delivery ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        const batch = this.#batch;
        this.#batch = [];
        this.#delivery = undefined;
        this.#deliver(batch).then(resolve, reject);
      });
    });
    return this.#delivery;
  }
}
