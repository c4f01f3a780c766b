import { type Cancel, type Clock, WaybillError } from "@waybill/core";
import type { Login } from "./url.ts";

export type TokenLogin = Extract<Login, { readonly kind: "token" }>;

interface Given {
  readonly token: string;
  readonly expiresAt: number;
}

export interface RenewalOptions {
  readonly login: TokenLogin;
  /** The token with which the connection was opened. */
  readonly first: Given;
  readonly clock: Clock;
  /** How long the function may take. */
  readonly timeoutMs: number;
  /** Shows the server a new one. */
  readonly show: (token: string) => Promise<void>;
  readonly failed: (error: WaybillError) => void;
}

/**
 * Shows a new token when two thirds of the time of the last one are over. Where none is to be had it is asked for again when two
 * thirds of the rest are, at least a second later; when the time is over the server ends the connection. Returns what ends it.
 */
export function renewing({ login, first, clock, timeoutMs, show, failed }: RenewalOptions): Cancel {
  let isOver = false;
  let cancel: Cancel = () => undefined;
  const wait = (last: Given): void => {
    if (isOver) return;
    const ms = Math.max(((last.expiresAt - clock.now()) * 2) / 3, 1_000);
    cancel = clock.after(ms, () => void renew(last));
  };
  const renew = async (last: Given): Promise<void> => {
    try {
      const next = await tokenOf(login, timeoutMs);
      if (!isOver) await show(next.token);
      wait(next);
    } catch (thrown) {
      if (!isOver) failed(thrown instanceof WaybillError ? thrown : failure(thrown));
      wait(last);
    }
  };
  wait(first);
  return () => {
    isOver = true;
    cancel();
  };
}

/** Asks for a token. Rejects with `CONFIG` for what is none, `UNAVAILABLE` where the function fails or takes too long. */
export async function tokenOf({ ask }: TokenLogin, timeoutMs: number): Promise<Given> {
  const answer = await answerIn(timeoutMs, ask);
  const { token, expiresAt = Infinity } = typeof answer === "string" ? { token: answer } : partsOf(answer);
  if (typeof token === "string" && token !== "" && typeof expiresAt === "number") return { token, expiresAt };
  const wanted = "a text, or { token, expiresAt } with an epoch ms";
  throw new WaybillError("CONFIG", `rabbitmq: the token function has returned something else than ${wanted}`);
}

async function answerIn(timeoutMs: number, ask: TokenLogin["ask"]): Promise<unknown> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer for ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([ask(), late.promise]);
  } catch (thrown) {
    throw failure(thrown);
  } finally {
    clearTimeout(timer);
  }
}

function partsOf(answer: unknown): { readonly token?: unknown; readonly expiresAt?: unknown } {
  return typeof answer === "object" && answer !== null ? answer : {};
}

/** The words are the function's own. */
function failure(thrown: unknown): WaybillError {
  const why = thrown instanceof Error ? thrown.message : typeof thrown;
  return new WaybillError("UNAVAILABLE", `rabbitmq: the token function has failed (${why})`);
}
