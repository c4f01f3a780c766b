import { decoded } from "./decoder.ts";
import type { AnyDefinition } from "./definition.ts";
import { userHeaders } from "./headers.ts";
import type { Death } from "./note.ts";
import { readNote } from "./note.ts";
import type { Delivery, Headers, Inbox, Transport, Verdict } from "./seam.ts";

/** A message set aside for one group, with why. */
export interface DeadLetter extends Death {
  /** The carrier's id for it: the message's own, unless another producer wrote it. */
  readonly id: string;
  readonly key: string | undefined;
  /** The user's own headers. */
  readonly headers: Headers;
  /** The data before any schema; undefined where the bytes do not decode. */
  readonly data: unknown;
  /** The body as it came (DLQ-3). */
  readonly raw: Uint8Array;
  /** Earlier deaths, oldest first, of a letter that was redriven (DLQ-6). */
  readonly history: readonly Death[];
}

/** Which dead letters: all, those with these ids, or those of which the function says so. */
export type Selection = "all" | readonly string[] | ((letter: DeadLetter) => boolean);

interface Waiting {
  readonly signal?: AbortSignal | undefined;
}

/** The dead letters of one inbox. */
export class DeadLetters {
  readonly #transport: Transport;
  readonly #inbox: Inbox;
  readonly #definition: AnyDefinition;
  readonly #ready: () => Promise<void>;

  constructor(transport: Transport, inbox: Inbox, definition: AnyDefinition, ready: () => Promise<void>) {
    this.#transport = transport;
    this.#inbox = inbox;
    this.#definition = definition;
    this.#ready = ready;
  }

  /** The letters, oldest first, one by one; takes nothing away, however often (DLQ-5). */
  async *list({ signal }: Waiting = {}): AsyncGenerator<DeadLetter, void> {
    const ended = new AbortController();
    const either = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
    const hand = new Handover<DeadLetter>();
    const walk = this.#walk(either, (letter) => hand.give(letter)).then(
      () => hand.end(),
      (error: unknown) => hand.end(error),
    );
    try {
      for (let letter = await hand.take(); letter !== undefined; letter = await hand.take()) yield letter;
    } finally {
      hand.stop();
      ended.abort();
      await walk;
    }
  }

  /** Gives letters back to this group alone, attempts fresh, their history kept; resolves to how many (DLQ-6). */
  redrive(which: Selection, options: Waiting = {}): Promise<number> {
    return this.#apply("redrive", which, options);
  }

  /** Removes exactly the named letters for good; resolves to how many (DLQ-5). */
  discard(which: Selection, options: Waiting = {}): Promise<number> {
    return this.#apply("discard", which, options);
  }

  async #apply(verdict: "redrive" | "discard", which: Selection, { signal }: Waiting): Promise<number> {
    const chosen = chooser(which);
    let count = 0;
    await this.#walk(signal ?? new AbortController().signal, (letter) => {
      if (!chosen(letter)) return "keep";
      count += 1;
      return verdict;
    });
    return count;
  }

  async #walk(signal: AbortSignal, visit: (letter: DeadLetter) => Verdict | Promise<Verdict>): Promise<void> {
    await this.#ready();
    await this.#transport.walk(this.#inbox, async (delivery) => visit(this.#letter(delivery)), signal);
    signal.throwIfAborted();
  }

  #letter(delivery: Delivery): DeadLetter {
    const { death, history } = readNote(delivery.headers);
    return {
      ...(death ?? this.#noteless(delivery)),
      id: delivery.id,
      key: delivery.key,
      headers: userHeaders(delivery.headers),
      data: this.#dataOf(delivery),
      raw: delivery.body,
      history,
    };
  }

  #dataOf(delivery: Delivery): unknown {
    try {
      return decoded(this.#definition, delivery).data;
    } catch {
      return undefined;
    }
  }

  /** What can be said of a letter whose note a foreign hand took off. */
  #noteless({ malformed, failures }: Delivery): Death {
    const message = malformed ?? "the letter carries no note";
    return {
      reason: "malformed",
      error: { name: "Error", message, code: undefined, stack: undefined },
      attempts: failures,
      firstFailedAt: Number.NaN,
      deadAt: Number.NaN,
      source: this.#inbox.source,
      group: this.#inbox.group,
    };
  }
}

function chooser(which: Selection): (letter: DeadLetter) => boolean {
  if (which === "all") return () => true;
  if (typeof which === "function") return which;
  const ids = new Set(which);
  return (letter) => ids.has(letter.id);
}

/** Passes items one by one from a visitor to an iterator: the visitor is answered when the next one is asked for. */
class Handover<T> {
  #item: PromiseWithResolvers<T | undefined> = Promise.withResolvers();
  #answer: ((verdict: Verdict) => void) | undefined;
  #stopped = false;
  #ended = false;

  give(item: T): Promise<Verdict> | Verdict {
    if (this.#stopped) return "stop";
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#item.resolve(item);
    });
  }

  async take(): Promise<T | undefined> {
    if (this.#answer !== undefined && !this.#ended) {
      this.#item = Promise.withResolvers();
      this.#reply("keep");
    }
    return await this.#item.promise;
  }

  /** May come while an item is looked at, where the visitor did not wait for its answer. */
  end(error?: unknown): void {
    this.#ended = true;
    if (this.#answer !== undefined) this.#item = Promise.withResolvers();
    this.#item.promise.catch(() => undefined);
    if (error === undefined || this.#stopped) this.#item.resolve(undefined);
    else this.#item.reject(error);
  }

  stop(): void {
    this.#stopped = true;
    this.#item.promise.catch(() => undefined);
    this.#reply("stop");
  }

  #reply(verdict: Verdict): void {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(verdict);
  }
}
