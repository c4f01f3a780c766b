import { randomBytes } from "node:crypto";
import { type Clock, systemClock } from "../clock.ts";
import type { Duration } from "../duration.ts";
import { milliseconds, wholeNumber } from "../duration.ts";
import type { Handling } from "../handling.ts";
import type { Claim, IdempotencyStore } from "../idempotency-store.ts";
import type { Message } from "../message.ts";
import type { Handle, Middleware } from "../middleware.ts";
import { Postpone } from "../postpone.ts";
import { PermanentError } from "../retry.ts";
import { readRecord, writeRecord } from "../record.ts";
import { type Claimed, Renewals } from "../renewals.ts";

export interface IdempotencyOptions {
  /** Shared by all members of the groups whose messages pass here. */
  readonly store: IdempotencyStore;
  /** How long a member that died keeps others from its message. Renewed as long as a handler runs. Default `"30s"` (IDM-2). */
  readonly lease?: Duration | undefined;
  /** How long a success is remembered, at most: later duplicates are handled again. Default `"1d"`. */
  readonly retention?: Duration | undefined;
  /** The most bytes of a result, and of what was sent, that are kept with a success. Default 65 536. */
  readonly maxRecordBytes?: number | undefined;
  /** What makes two messages of a group duplicates. Default their id. */
  readonly key?: ((message: Message<unknown>) => string) | undefined;
  readonly clock?: Clock | undefined;
}

export interface Idempotency extends Middleware {
  /** The name of a message's record in the store, for a record made in the user's own transaction. */
  keyOf(message: Message<unknown>): string;
}

/** How long a duplicate waits at most until it looks again whether the first is done. */
const lookAgainMs = 1_000;
const unreachableMs = 5_000;

/**
 * Of duplicates in a group one handler runs at a time, and none after one has succeeded (IDM-1). What a success returned and
 * sent is recorded before the message is settled: a duplicate is settled by it, without the handler, and what was sent leaves
 * again under the same ids, so that a crash between record and settlement loses nothing. A duplicate that comes while the first
 * is handled is postponed, as is every message while the store cannot be asked. A failure gives the claim back (IDM-2).
 *
 * A result that is over `maxRecordBytes` or cannot be cloned is not kept, only that there was one; the duplicate of a request
 * then fails and says so. A handler past its timeout
 * keeps its claim until it ends or the lease does.
 * @throws TypeError for an option that cannot be
 */
export function idempotency(options: IdempotencyOptions): Idempotency {
  const { store, key: idOf, clock = systemClock } = options;
  const leaseMs = positive(options.lease ?? "30s", "lease");
  const retentionMs = positive(options.retention ?? "1d", "retention");
  const most = wholeNumber(options.maxRecordBytes ?? 65_536, 1, "maxRecordBytes");
  const renewals = new Renewals(store, leaseMs, clock);
  const instance = randomBytes(9).toString("base64url");
  let claims = 0;

  const keyOf = (message: Message<unknown>): string => {
    // Whatever reaches a handler is a handling, whose names have no control characters.
    const { source, group } = (message as Handling).inbox;
    if (idOf !== undefined) return `${source}\n${group}\n${idOf(message)}`;
    return source === message.type
      ? `${source}\n${group}\n${message.id}`
      : `${source}\n${group}\n${message.type}\n${message.id}`;
  };

  const run = async (next: Handle, claimed: Claimed): Promise<unknown> => {
    const { key, owner, message } = claimed;
    renewals.add(claimed);
    try {
      const result = await next(message);
      const sends = message.effects();
      const record = writeRecord(result, sends === undefined ? [] : await sends, most);
      const completed = store.complete(key, owner, record, retentionMs);
      if (completed === true || (await completed)) return result;
      throw new Postpone(lookAgainMs, `the claim on message ${message.id} had ended before its handler did`);
    } catch (error) {
      await giveBack(key, owner);
      throw error;
    } finally {
      renewals.delete(claimed);
    }
  };

  /** Where that fails, the lease ends it. */
  const giveBack = async (key: string, owner: string): Promise<void> => {
    try {
      await store.release(key, owner);
    } catch {}
  };

  const settle = (next: Handle, answer: Claim, claimed: Claimed): unknown => {
    const { message } = claimed;
    if (answer === "claimed") return run(next, claimed);
    if (answer.state === "busy") {
      throw new Postpone(Math.min(answer.leftMs, lookAgainMs), `message ${message.id} is being handled by another`);
    }
    const { result, kept, sends } = readRecord(answer.record);
    if (!kept && message.isRequest) throw new PermanentError(unkept(message, most));
    message.adopt(sends);
    return result;
  };

  return {
    name: "idempotency",
    keyOf,
    handle: (next) => async (message) => {
      const claimed = { key: keyOf(message), owner: `${instance}${(claims += 1)}`, message, place: -1 };
      let answer: Claim | Promise<Claim>;
      try {
        answer = store.claim(claimed.key, claimed.owner, leaseMs);
        if (answer instanceof Promise) answer = await answer;
      } catch (cause) {
        throw new Postpone(unreachableMs, `the idempotency store cannot be asked: ${String(cause)}`, { cause });
      }
      return settle(next, answer, claimed);
    },
  };
}

function unkept({ id }: Handling, most: number): string {
  return `request ${id} was handled, but its result could not be kept: over ${most} bytes, or not to be cloned; raise maxRecordBytes, or return plain data`;
}

function positive(duration: Duration, place: string): number {
  const ms = milliseconds(duration, place);
  if (ms > 0 && ms < Infinity) return ms;
  throw new TypeError(`${place} is ${ms}; give a time above 0 that ends`);
}
