import { setTimeout as sleep } from "node:timers/promises";
import type { Depths, Inboxes } from "./inboxes.ts";
import { areEmpty, depthsOf, tellAll } from "./inboxes.ts";
import type { Ledger } from "./ledger.ts";
import type { Progress } from "./progress.ts";

/** How often the inboxes are looked at. */
const periodMs = 200;
/** After how long without any change a run is given up. */
const stallMs = 30_000;
/** Where the broker cannot tell what waits for its retry: longer than any delay of a retry. */
const unseenMs = 3_000;

export interface MonitorOptions {
  readonly inboxes: Inboxes;
  readonly ledger: Ledger;
  readonly progress: Progress;
  /** Ends every waiting with its reason. */
  readonly signal: AbortSignal;
}

/** Watches a run and shows how far it is while something is waited for. */
export class Monitor {
  readonly #options: MonitorOptions;

  constructor(options: MonitorOptions) {
    this.#options = options;
  }

  /** Resolves or rejects as `work` does; rejects when the signal fires. */
  async during<T>(work: Promise<T>): Promise<T> {
    const over = new AbortController();
    work.then(
      () => over.abort(),
      () => over.abort(),
    );
    while (!over.signal.aborted) {
      await this.#look();
      await this.#pause(AbortSignal.any([over.signal, this.#options.signal]));
    }
    return work;
  }

  /** Resolves when every order is published and nothing is left to be handled; rejects when nothing moves any more. */
  async quiet(): Promise<Depths> {
    const { ledger, signal } = this.#options;
    let before = "";
    let changedAt = performance.now();
    for (;;) {
      const depths = await this.#look();
      const now = JSON.stringify([ledger.reports, depths]);
      if (now !== before) changedAt = performance.now();
      else if (ledger.complete && areEmpty(depths) && (tellAll(depths) || performance.now() - changedAt > unseenMs))
        return depths;
      else if (ledger.complete && performance.now() - changedAt > stallMs) throw stalled(depths);
      before = now;
      await this.#pause(signal);
    }
  }

  async #look(): Promise<Depths> {
    this.#options.signal.throwIfAborted();
    const depths = await depthsOf(this.#options.inboxes);
    this.#options.progress.show(depths);
    return depths;
  }

  async #pause(signal: AbortSignal): Promise<void> {
    await sleep(periodMs, undefined, { signal }).catch(() => undefined);
    this.#options.signal.throwIfAborted();
  }
}

function stalled(depths: Depths): Error {
  const left = Object.entries(depths).map(([group, { ready, inFlight, delayed }]) => {
    return `${group}: ready ${ready}, in flight ${inFlight}, delayed ${delayed}`;
  });
  return new Error(`nothing has moved for ${stallMs / 1_000} s; ${left.join("; ")}`);
}
