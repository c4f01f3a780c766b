import type { History, HistoryEvent, HistoryHead } from "./history.ts";
import { type Flaw, type Rule, rules, type Seen } from "./rules.ts";
import { flaws, type GroupVerdict, type Verdict } from "./verdict.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Copy extends Mutable<Pick<Seen, "deliveries" | "firstAt" | "lastAt" | "dones" | "deaths">> {
  /** When it was first handled to the end. */
  doneAt: number;
  /** When it was last delivered, be it to a member that should not have had it. */
  seenAt: number;
}

interface Message extends Mutable<Pick<Seen, "invoked" | "outcome" | "poisoned" | "deliverAt">> {
  readonly n: number;
  key: string | undefined;
  /** One for each group. */
  readonly copies: readonly Copy[];
}

/**
 * Judges a history as Jepsen's total-queue checker does, for each group. Takes it event by event, and keeps some 300 bytes for each
 * message, however often it is delivered.
 */
export class Checker {
  readonly #head: HistoryHead;
  readonly #rules: readonly Rule[];
  readonly #messages = new Map<number, Message>();
  /** In the order they were published, as far as one publisher is concerned. */
  readonly #invoked: Message[] = [];

  constructor(head: HistoryHead, judgedBy: readonly Rule[] = rules) {
    this.#head = head;
    this.#rules = judgedBy;
  }

  /** @throws SyntaxError for an event that no run can have: of a group that is not in the head, published twice, ended twice */
  add(event: HistoryEvent): void {
    if (event.kind === "invoke") this.#invoke(event);
    else if ("group" in event) this.#see(event);
    else this.#end(event.n, event.kind);
  }

  verdict(): Verdict {
    const groups = this.#head.groups.map((group, index) => this.#judge(group, index));
    const count = (outcome: Seen["outcome"]): number => this.#invoked.filter((one) => one.outcome === outcome).length;
    const confirmed = count("ok");
    return {
      published: this.#invoked.length,
      confirmed,
      failed: count("fail"),
      unknown: count("unknown") + count(undefined),
      groups,
      kept: confirmed > 0 && groups.every((verdict) => flaws.every((flaw) => verdict[flaw].length === 0)),
    };
  }

  #invoke({ n, key, poisoned = false, deliverAt = 0 }: Extract<HistoryEvent, { readonly kind: "invoke" }>): void {
    const message = this.#message(n);
    if (message.invoked) throw new SyntaxError(`message ${n} is published twice`);
    Object.assign(message, { invoked: true, key, poisoned, deliverAt });
    this.#invoked.push(message);
  }

  #end(n: number, outcome: "ok" | "fail" | "unknown"): void {
    const message = this.#message(n);
    if (!message.invoked) throw new SyntaxError(`message ${n} is ${outcome} before it is published`);
    if (message.outcome !== undefined) throw new SyntaxError(`message ${n} is ${message.outcome} and then ${outcome}`);
    message.outcome = outcome;
  }

  #see(event: Extract<HistoryEvent, { readonly group: string }>): void {
    const copy = this.#message(event.n).copies[this.#head.groups.indexOf(event.group)];
    if (copy === undefined) throw new SyntaxError(`group ${JSON.stringify(event.group)} is not one of the history's`);
    if (event.kind === "dead") copy.deaths += 1;
    else if (event.kind === "done") {
      copy.dones += 1;
      copy.doneAt = Math.min(copy.doneAt, event.at);
    } else {
      copy.deliveries += 1;
      copy.seenAt = Math.max(copy.seenAt, event.at);
      if (event.zombie === true) return;
      copy.firstAt = Math.min(copy.firstAt, event.at);
      copy.lastAt = Math.max(copy.lastAt, event.at);
    }
  }

  #judge(group: string, index: number): GroupVerdict {
    const [turns, overtakings] = this.#head.ordered ? [this.#turns(index), this.#overtakings(index)] : [];
    const verdict = { group, duplicated: new Array<number>(), ...emptyFlaws() };
    for (const message of this.#messages.values()) {
      const { n, invoked, outcome, poisoned, deliverAt, copies } = message;
      const copy = copies[index];
      if (copy === undefined) continue;
      const turnAt = turns?.get(n) ?? -Infinity;
      const seen = {
        ...copy,
        invoked,
        outcome,
        poisoned,
        deliverAt,
        turnAt,
        overtakenAt: overtakings?.get(n) ?? Infinity,
      };
      const broken = this.#rules.filter(({ isBroken }) => isBroken(seen)).map(({ flaw }) => flaw);
      for (const flaw of new Set(broken)) verdict[flaw].push(n);
      if (copy.dones > 1) verdict.duplicated.push(n);
    }
    return verdict;
  }

  /** When it was each message's turn: what came before it in its key and was handled to the end had been so. */
  #turns(index: number): ReadonlyMap<number, number> {
    return this.#carry(this.#invoked, index, -Infinity, (before, { doneAt }) =>
      doneAt === Infinity ? before : Math.max(before, doneAt),
    );
  }

  /** When a later message of its key was first delivered; last, where a key may be rewound. */
  #overtakings(index: number): ReadonlyMap<number, number> {
    const { rewinds = false } = this.#head;
    return this.#carry(this.#invoked.toReversed(), index, Infinity, (before, { firstAt, seenAt }) =>
      Math.min(before, rewinds ? Math.max(firstAt, seenAt) : firstAt),
    );
  }

  /** What the messages before each one, of its key, come to. */
  #carry(
    messages: readonly Message[],
    index: number,
    start: number,
    next: (before: number, copy: Copy) => number,
  ): ReadonlyMap<number, number> {
    const [byKey, found] = [new Map<string, number>(), new Map<number, number>()];
    for (const { n, key, copies } of messages) {
      const copy = copies[index];
      if (key === undefined || copy === undefined) continue;
      const before = byKey.get(key) ?? start;
      found.set(n, before);
      byKey.set(key, next(before, copy));
    }
    return found;
  }

  #message(n: number): Message {
    const known = this.#messages.get(n);
    if (known !== undefined) return known;
    const copies = this.#head.groups.map(fresh);
    const made = { n, key: undefined, invoked: false, outcome: undefined, poisoned: false, deliverAt: 0, copies };
    this.#messages.set(n, made);
    return made;
  }
}

/** Judges a whole history. @throws SyntaxError as `Checker.add` */
export function check({ events, ...head }: History, judgedBy: readonly Rule[] = rules): Verdict {
  const checker = new Checker(head, judgedBy);
  for (const event of events) checker.add(event);
  return checker.verdict();
}

function emptyFlaws(): Record<Flaw, number[]> {
  return { lost: [], unexpected: [], disordered: [], early: [], wronglyDead: [], notDead: [] };
}

function fresh(): Copy {
  return {
    deliveries: 0,
    firstAt: Infinity,
    lastAt: -Infinity,
    dones: 0,
    doneAt: Infinity,
    seenAt: -Infinity,
    deaths: 0,
  };
}
