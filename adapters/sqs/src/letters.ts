import type { Inbox, Visit } from "@waybill/core";
import { Holding, type Look } from "./holding.ts";
import type { Target } from "./outbox.ts";
import type { Shared } from "./shared.ts";
import type { Held } from "./wire.ts";

/** How long letters are waited for that others look at: a walk that was killed hides its own for longer. */
const patienceMs = 10_000;

export interface Walk {
  readonly inbox: Inbox;
  readonly visit: Visit;
  readonly signal: AbortSignal;
}

/** The walks over dead letters of one transport. */
export class Letters {
  readonly #shared: Shared;
  readonly #holdings = new Map<string, Holding>();

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  /** Shows each letter once, the oldest first, and does what the visit says; see `Transport.walk`. */
  async walk({ inbox, visit, signal }: Walk): Promise<void> {
    const { topology } = this.#shared;
    const url = await topology.deadOf(inbox);
    if (url === undefined) return;
    const { levels } = await topology.queuesOf(inbox);
    const look: Look = { letters: [] };
    const holding = this.#enter(url, look);
    const doing: Promise<boolean>[] = [];
    const walk = { visit, signal, holding, seen: new Set<string>(), ordered: inbox.ordered, levels, doing };
    try {
      await this.#all(look, walk);
      await Promise.all(doing);
    } finally {
      await Promise.allSettled(doing);
      await this.#leave(url, holding, look);
    }
  }

  async #all(look: Look, walk: Going): Promise<void> {
    const { holding, signal } = walk;
    const { clock, random } = this.#shared.context;
    const giveUpAt = clock.now() + patienceMs;
    let left: number | undefined;
    for (let attempt = 1; !signal.aborted;) {
      if (left !== holding.left) await holding.giveBackSeen();
      left = holding.left;
      const isOver = await holding.gather(look);
      // What a walk had that is over meanwhile is in no look.
      if (left !== holding.left) continue;
      // What others look at has to be waited for; whoever walks alone gives way.
      if (isOver && clock.now() < giveUpAt && (await holding.elsewhere()) > 0) {
        if (holding.walks === 1) {
          look.letters = [];
          await holding.release();
        }
        const ms = random() * Math.min(200 * 2 ** attempt, 5_000);
        attempt += 1;
        await new Promise<void>((resolve) => void clock.after(ms, resolve));
        continue;
      }
      const oldestFirst = look.letters.toSorted((a, b) => a.sentAt - b.sentAt);
      if (!(await this.#show(oldestFirst, walk)) || isOver) return;
      look.letters = [];
    }
  }

  /** False where the visit has said stop. */
  async #show(letters: readonly Held[], walk: Going): Promise<boolean> {
    const { holding, seen, visit, signal } = walk;
    for (const letter of letters) {
      if (signal.aborted) return false;
      if (seen.has(letter.messageId) || !(await holding.keep(letter))) continue;
      seen.add(letter.messageId);
      const verdict = await visit(letter);
      if (verdict === "stop") return false;
      if (verdict === "keep") continue;
      const done = verdict === "discard" ? holding.delete(letter) : this.#redrive(letter, walk);
      walk.doing.push(done);
      done.catch(() => undefined);
      if (walk.ordered || walk.doing.length >= 100) await Promise.all(walk.doing.splice(0));
    }
    return true;
  }

  /** Stored there, then deleted here. Its move has an id of its own, the same however often it is tried. */
  async #redrive(letter: Held, { holding, levels, ordered }: Going): Promise<boolean> {
    const { outbox, context, settings } = this.#shared;
    const message = { ...letter, dedupe: `${letter.messageId} redriven`, deliverAt: undefined };
    const target: Target = { kind: "queue", at: levels[letter.priority] ?? levels[0] ?? "", ordered };
    const deadline = context.clock.now() + settings.requestTimeoutMs;
    const [result] = await outbox.send(target, [{ message, counts: { failures: 0, deliveries: 0 } }], deadline);
    if (result !== undefined && result !== "stored") throw result.error;
    return holding.delete(letter);
  }

  #enter(url: string, look: Look): Holding {
    const holding = this.#holdings.get(url) ?? new Holding(url, this.#shared);
    this.#holdings.set(url, holding);
    holding.walks += 1;
    holding.looks.add(look);
    return holding;
  }

  async #leave(url: string, holding: Holding, look: Look): Promise<void> {
    holding.looks.delete(look);
    holding.walks -= 1;
    holding.left += 1;
    if (holding.walks > 0) return;
    this.#holdings.delete(url);
    await holding.release();
  }
}

interface Going {
  readonly visit: Visit;
  readonly signal: AbortSignal;
  readonly holding: Holding;
  readonly seen: Set<string>;
  readonly ordered: boolean;
  readonly levels: readonly string[];
  /** What was decided and is being done. */
  readonly doing: Promise<boolean>[];
}
