import type { Report } from "./reports.ts";

/** One handling of one order, from its start to its end; times in ms by `monotonicMs`. */
export interface Handling {
  readonly orderId: string;
  readonly attempt: number;
  readonly startedAt: number;
  endedAt: number | undefined;
}

/** How one group has handled its messages. Every one received is counted exactly once among the other figures. */
export class GroupLedger {
  /** The orders that were handled, and how often. */
  readonly handled: Map<string, number> = new Map();
  /** Attempts that failed, as order and attempt, and how often. */
  readonly failures: Map<string, number> = new Map();
  /** Attempts after the first that were begun, as order and attempt. */
  readonly retries: Set<string> = new Set();
  /** In the order in which the reports came. */
  readonly handlings: Handling[] = [];
  /** Handlings that a kill has cut short. */
  cutShort = 0;
  readonly #open = new Map<string, Handling>();

  get received(): number {
    return this.handlings.length;
  }

  /** Handlings that repeat what had been done before. */
  get duplicates(): number {
    return repeats(this.handled) + repeats(this.failures);
  }

  /** Handlings that have begun and not ended. */
  get unfinished(): number {
    return this.#open.size;
  }

  /** Orders handled per second, from the first start to the last end. */
  get rate(): number {
    let first = Infinity;
    let last = -Infinity;
    for (const { startedAt, endedAt = startedAt } of this.handlings) {
      first = Math.min(first, startedAt);
      last = Math.max(last, endedAt);
    }
    return last > first ? (this.handled.size * 1_000) / (last - first) : 0;
  }

  started(member: string, report: Extract<Report, { readonly kind: "started" }>): void {
    const { orderId, attempt, at } = report;
    const handling: Handling = { orderId, attempt, startedAt: at, endedAt: undefined };
    this.handlings.push(handling);
    this.#open.set(`${member} ${report.handling}`, handling);
    if (attempt > 1) this.retries.add(`${orderId} ${attempt}`);
  }

  finished(member: string, report: Extract<Report, { readonly kind: "succeeded" | "failed" }>): void {
    const place = `${member} ${report.handling}`;
    const handling = this.#open.get(place);
    if (handling === undefined)
      throw new Error(`${member} has ended a handling that it never began: ${report.handling}`);
    this.#open.delete(place);
    handling.endedAt = report.at;
    const { orderId, attempt } = handling;
    if (report.kind === "succeeded") count(this.handled, orderId);
    else count(this.failures, `${orderId} ${attempt}`);
  }

  /** Returns how many handlings it has cut short. */
  killed(member: string): number {
    const before = this.cutShort;
    for (const place of this.#open.keys()) {
      if (!place.startsWith(`${member} `)) continue;
      this.#open.delete(place);
      this.cutShort += 1;
    }
    return this.cutShort - before;
  }
}

function count(times: Map<string, number>, what: string): void {
  times.set(what, (times.get(what) ?? 0) + 1);
}

function repeats(times: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const value of times.values()) sum += value - 1;
  return sum;
}
