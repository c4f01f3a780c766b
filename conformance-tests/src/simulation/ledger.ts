import type { Adapter, Delivery, Settlement, SettleResult } from "@waybill/core";
import type { HistoryEvent } from "../checker/history.ts";
import { wrap } from "../wrap.ts";
import type { Process } from "./process.ts";
import type { Group, Scenario, Task } from "./scenario.ts";

/** A promise that was not kept: its id in the contract, and how. */
export interface Violation {
  readonly promise: string;
  readonly what: string;
  /** The number of the message it is about, if it is about one. */
  readonly n?: number | undefined;
}

/** What one group has seen of one message. */
interface Fate {
  /** Who holds it now, by what the carrier says. */
  readonly holders: Map<Delivery, Process>;
  failures: number;
  /** No retry comes before this epoch ms. */
  notBefore: number;
  /** How often a handler has begun, and how often that of a holder. */
  handlings: number;
  rightly: number;
  /** When a holder began last, epoch ms. */
  beganAt: number;
  redriven: boolean;
  effects: number;
  deaths: number;
}

interface Handling {
  readonly group: string;
  readonly task: Task;
  readonly attempt: number;
  readonly process: Process;
}

/**
 * Writes down what happens, as the carrier says it and as handlers see it, and notices at once what must never happen. Every line is
 * the same each time a seed runs.
 */
export class Ledger {
  readonly lines: string[] = [];
  readonly events: HistoryEvent[] = [];
  readonly violations: Violation[] = [];
  /** How often the carrier has been given each message and has not said that it has not stored it. */
  readonly copies: Map<number, number> = new Map();
  readonly #now: () => number;
  readonly #beganAt: number;
  readonly #groups: ReadonlyMap<string, Group>;
  readonly #fates = new Map<string, Fate>();
  readonly #running = new Set<Handling>();

  constructor(now: () => number, { groups }: Scenario) {
    this.#now = now;
    this.#groups = new Map(groups.map((group) => [group.name, group]));
    this.#beganAt = now();
  }

  note(text: string): void {
    this.lines.push(`+${this.#now() - this.#beganAt} ${text}`);
  }

  breach(promise: string, what: string, n?: number): void {
    this.note(`${promise} BROKEN: ${what}`);
    this.violations.push({ promise, what, n });
  }

  invoked({ n, key, flaws }: Task, deliverAt: number | undefined): void {
    this.note(`publish ${n} of ${key}`);
    this.events.push({ kind: "invoke", n, key, deliverAt, poisoned: flaws === Infinity });
  }

  published(n: number, kind: "ok" | "fail" | "unknown"): void {
    this.note(`publish ${n}: ${kind}`);
    this.events.push({ kind, n });
  }

  /** A handler begins. What it is given to end is called when it does. */
  began(group: Group, task: Task, attempt: number, process: Process): () => void {
    const handling = { group: group.name, task, attempt, process };
    const { n } = task;
    const isZombie = !this.#holds(handling);
    this.note(`${group.name}: ${process.name} begins ${n}, attempt ${attempt}${isZombie ? ", its lease over" : ""}`);
    this.fate(group.name, n).handlings += 1;
    if (!isZombie) this.#check(group, handling);
    this.#running.add(handling);
    return () => this.#running.delete(handling);
  }

  done({ name: group, once }: Group, { n }: Task, process: Process): void {
    this.note(`${group}: ${process.name} ends ${n}`);
    const isHeld = [...this.fate(group, n).holders.values()].includes(process);
    // What is delivered at most once makes way for the next of its key with its lease, though a zombie may handle it still.
    this.events.push({ kind: "done", n, group, at: once && !isHeld ? 0 : this.#now() });
  }

  effect(group: string, n: number): void {
    this.note(`effect of ${n} in ${group}`);
    this.fate(group, n).effects += 1;
  }

  redriven(group: string, n: number): void {
    this.note(`${group}: redrive ${n}`);
    Object.assign(this.fate(group, n), { redriven: true, failures: 0, notBefore: 0 });
  }

  dead({ name: group, maxAttempts }: Group, { n, kills }: Task, attempts: number): void {
    this.note(`${group}: ${n} is dead after ${attempts}`);
    const fate = this.fate(group, n);
    fate.deaths += 1;
    // The checker takes a second letter for a fault; here it may be a second copy, and what is left over is found by the sums.
    if (fate.deaths === 1) this.events.push({ kind: "dead", n, group });
    const owed = kills ? 0 : maxAttempts;
    if (attempts !== owed) this.breach("RTY-1", `${group}: ${n} died after ${attempts} of ${owed} attempts`, n);
  }

  fate(group: string, n: number): Fate {
    const name = `${group}/${n}`;
    const known = this.#fates.get(name);
    if (known !== undefined) return known;
    const fate = {
      holders: new Map(),
      failures: 0,
      notBefore: 0,
      handlings: 0,
      rightly: 0,
      beganAt: 0,
      redriven: false,
      effects: 0,
      deaths: 0,
    };
    this.#fates.set(name, fate);
    return fate;
  }

  /** The carrier, or what claims to be it, as one process sees it; everything it says of `source` is written down. */
  watch(process: Process, source: string): (adapter: Adapter) => Adapter {
    return (adapter) =>
      wrap(adapter, (transport) => ({
        send: async (to, messages, options) => {
          if (to.kind !== "source" || to.name !== source) return transport.send(to, messages, options);
          for (const { id } of messages) this.#stores(numberOf(id), 1);
          const results = await transport.send(to, messages, options);
          for (const [index, { id }] of messages.entries())
            if (results[index] !== "stored") this.#stores(numberOf(id), -1);
          return results;
        },
        receiver: (from) => {
          if (from.source !== source) return {};
          const { group } = from;
          return {
            deliver: (batch, sink) => {
              for (const one of batch) this.fate(group, numberOf(one.id)).holders.set(one, process);
              sink.deliver(batch);
            },
            lost: (batch, cause, sink) => {
              for (const one of batch) this.fate(group, numberOf(one.id)).holders.delete(one);
              sink.lost(batch, cause);
            },
            settle: async (batch, receiver) => {
              const at = this.#now();
              const results = await receiver.settle(batch);
              for (const [index, one] of batch.entries())
                this.#settled(group, { one, at, process, result: results[index] });
              return results;
            },
          };
        },
      }));
  }

  #check(group: Group, handling: Handling): void {
    const { task, attempt } = handling;
    const { n, key } = task;
    const fate = this.fate(group.name, n);
    const isOnly = this.copies.get(n) === 1;
    // Of several copies, and of what was redriven, only the first is in its place.
    if (!fate.redriven && (isOnly || fate.rightly === 0)) {
      this.events.push({ kind: "deliver", n, group: group.name, at: this.#now() });
    }
    fate.rightly += 1;
    fate.beganAt = this.#now();
    if (attempt > group.maxAttempts) this.breach("RTY-1", `${group.name}: attempt ${attempt} of ${n}`, n);
    if (isOnly && attempt !== fate.failures + 1) {
      this.breach("RTY-1", `${group.name}: ${n} has failed ${fate.failures} times, and this is attempt ${attempt}`, n);
    }
    if (isOnly && this.#now() < fate.notBefore) {
      this.breach("RTY-2", `${group.name}: ${n} is ${fate.notBefore - this.#now()} ms early`, n);
    }
    if (!group.ordered) return;
    for (const other of this.#running) {
      if (other.group !== group.name || other.task.key !== key || other.task.n === n || !this.#holds(other)) continue;
      this.breach("ORD-1", `${group.name}: ${n} begins while ${other.task.n} of the same key is handled`, n);
    }
  }

  /** Whether its process still holds what it handles; it may have lost it and been given it again, at another attempt. */
  #holds({ group, task, attempt, process }: Handling): boolean {
    if (process.crashed) return false;
    const { holders } = this.fate(group, task.n);
    return [...holders].some(([{ failures }, holder]) => holder === process && failures === attempt - 1);
  }

  #stores(n: number, more: 1 | -1): void {
    this.note(`${more === 1 ? "store" : "did not store"} ${n}`);
    this.copies.set(n, (this.copies.get(n) ?? 0) + more);
  }

  #settled(
    group: string,
    {
      one,
      at,
      process,
      result,
    }: {
      readonly one: Settlement;
      readonly at: number;
      readonly process: Process;
      readonly result: SettleResult | undefined;
    },
  ): void {
    const n = numberOf(one.delivery.id);
    this.note(
      `${group}: ${process.name} settles ${n}: ${one.outcome}, ${typeof result === "object" ? result.code : result}`,
    );
    if (result !== "settled") return;
    this.fate(group, n).holders.delete(one.delivery);
    if (one.outcome !== "retry" || !one.failed) return;
    const fate = this.fate(group, n);
    fate.failures += 1;
    // A delay longer than the carrier's own is counted from the failure, of which is known that it came after the beginning.
    fate.notBefore = Math.max(at + one.delayMs, fate.beganAt + (this.#groups.get(group)?.retryMs ?? 0));
  }
}

/** Messages are published under the id of their number. */
export function idOf(n: number): string {
  return `m${n}`;
}

function numberOf(id: string): number {
  return Number(id.slice(1));
}
