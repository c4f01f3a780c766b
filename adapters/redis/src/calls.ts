import { randomBytes } from "node:crypto";
import { type AdapterContext, type Cancel, type Supervisor, WaybillError } from "@waybill/core";
import type { Client } from "./client.ts";
import type { Confirmations } from "./confirmations.ts";
import { isCertain, toError } from "./errors.ts";
import type { Argument } from "./packet.ts";
import { apply } from "./scripts/apply.ts";

/** What a call is answered with. */
export type Answer =
  | { readonly said: "ok"; readonly lost: readonly number[] }
  | { readonly said: "stale" | "gone"; readonly section: number }
  | { readonly said: "lost" };

export interface CallsOptions {
  readonly supervisor: Supervisor<Client>;
  readonly context: AdapterContext;
  /** What each call waits for beyond the server's own word. */
  readonly confirmations: Confirmations | undefined;
}

/** A call that did not end well; `unknown`: it may have been done. */
export class CallError extends Error {
  readonly outcome: "refused" | "unknown";
  readonly error: WaybillError;

  constructor(outcome: "refused" | "unknown", error: WaybillError) {
    super(error.message);
    this.outcome = outcome;
    this.error = error;
  }
}

interface Slot {
  readonly name: number;
  number: number;
}

/** How long an answer is kept for who has not heard it, ms: at least, and at most. */
const keepMs = 60_000;
const longestKeepMs = 3_600_000;

/**
 * Runs `apply` so that each call is done at most once, however often its reply is lost: a call keeps its slot and its number until it
 * is answered, and goes again after each loss of the connection (PUB-2, ACK-1).
 */
export class Calls {
  readonly #options: CallsOptions;
  /** Of this transport alone. */
  readonly #sender: string = randomBytes(9).toString("base64url");
  /** By tag: slots that no call is using. */
  readonly #free = new Map<string, Slot[]>();
  readonly #slots = new Map<string, number>();

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the server's answer; rejects with a `CallError` by the deadline (epoch ms). `tag` is what all keys share.
   */
  async apply(tag: string, keys: readonly string[], args: readonly Argument[], deadline: number): Promise<Answer> {
    const slot = this.#take(tag);
    slot.number += 1;
    const kept = Math.min(deadline - this.#options.context.clock.now() + keepMs, longestKeepMs);
    const all = [slot.name, slot.number, Math.ceil(Math.max(kept, keepMs)), ...args];
    const answer = await this.#insist([`${tag}/calls/${this.#sender}`, ...keys], all, deadline);
    // A slot whose call was never answered is not used again: the call may still be on its way.
    this.#free.get(tag)?.push(slot);
    return answer;
  }

  /**
   * Runs what may be done twice, again after each loss of the connection. Rejects with a `WaybillError`, by the deadline (epoch ms).
   */
  async ask<T>(deadline: number, work: (client: Client) => Promise<T>): Promise<T> {
    const { context } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const client = await this.#client(deadline);
      try {
        return await this.#by(deadline, work(client));
      } catch (thrown) {
        const error = toError(thrown, client.node);
        if (!error.transient || context.clock.now() >= deadline) throw error;
      }
      await this.#pause(context.backoff(attempt), deadline);
    }
  }

  async #insist(keys: readonly string[], args: readonly Argument[], deadline: number): Promise<Answer> {
    const { context } = this.#options;
    let unknown: WaybillError | undefined;
    for (let attempt = 1; ; attempt += 1) {
      const client = await this.#client(deadline).catch((error: unknown) => {
        throw unknown === undefined ? new CallError("refused", toError(error)) : new CallError("unknown", unknown);
      });
      try {
        return await this.#once(client, keys, args, deadline);
      } catch (thrown) {
        const error = toError(thrown, client.node);
        // Once it may have been done, no refusal says that it was not.
        if (unknown === undefined && isRefusal(thrown)) throw new CallError("refused", error);
        unknown ??= error;
        if (context.clock.now() >= deadline) throw new CallError("unknown", unknown);
      }
      await this.#pause(context.backoff(attempt), deadline);
    }
  }

  async #once(client: Client, keys: readonly string[], args: readonly Argument[], deadline: number): Promise<Answer> {
    const answer = answerOf(await this.#by(deadline, client.run(apply, keys, args)));
    // Not under way with it: a call that a server had to be asked for again would come behind what it is to be covered by.
    const safe = this.#options.confirmations?.confirm(client, keys[0] ?? "");
    if (safe !== undefined) await this.#by(deadline, safe);
    return answer;
  }

  /** The open client, by the deadline. */
  async #client(deadline: number): Promise<Client> {
    const { supervisor } = this.#options;
    const { connection } = supervisor;
    if (connection !== undefined) return connection;
    try {
      return await this.#by(deadline, supervisor.ready());
    } catch (thrown) {
      const error = toError(thrown);
      throw error.code === "TIMEOUT" ? new WaybillError("UNAVAILABLE", "redis: there is no connection now") : error;
    }
  }

  async #by<T>(deadline: number, work: Promise<T>): Promise<T> {
    if (deadline === Infinity) return work;
    const { clock } = this.#options.context;
    let cancel: Cancel | undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = clock.after(deadline - clock.now(), () =>
        reject(new WaybillError("TIMEOUT", "redis: no answer by the deadline")),
      );
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      cancel?.();
    }
  }

  #pause(ms: number, deadline: number): Promise<void> {
    const { clock } = this.#options.context;
    return new Promise((resolve) => void clock.after(Math.min(ms, Math.max(deadline - clock.now(), 0)), resolve));
  }

  #take(tag: string): Slot {
    const free = this.#free.get(tag) ?? [];
    this.#free.set(tag, free);
    const slot = free.pop();
    if (slot !== undefined) return slot;
    const name = this.#slots.get(tag) ?? 0;
    this.#slots.set(tag, name + 1);
    return { name, number: 0 };
  }
}

/** The server has done nothing, and says so. What our own clock or the wait for safety says leaves that open. */
function isRefusal(thrown: unknown): boolean {
  const isOpen = thrown instanceof WaybillError && (thrown.code === "TIMEOUT" || thrown.code === "OUTCOME_UNKNOWN");
  return !isOpen && isCertain(thrown);
}

function answerOf(reply: unknown): Answer {
  const [said = "", ...numbers] = String(reply).trim().split(" ");
  switch (said) {
    case "ok":
      return { said, lost: numbers.map(Number) };
    case "stale":
    case "gone":
      return { said, section: Number(numbers[0]) };
    default:
      return { said: "lost" };
  }
}
