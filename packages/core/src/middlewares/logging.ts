import type { Handling } from "../handling.ts";
import type { Middleware } from "../middleware.ts";
import { describeError } from "../note.ts";
import { Postpone } from "../postpone.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** What pino, bunyan and their like have in common. */
export type Logger = Readonly<
  Record<LogLevel, (fields: Readonly<Record<string, unknown>>, message: string) => unknown>
>;

/**
 * How a handling or a publish ended. `interrupted`: the lease was lost or the consumer closed, so another handling comes, which
 * counts as no other attempt. `unpublished`: a publish that was not, or may not have been, stored.
 */
export type Outcome = "handled" | "failed" | "postponed" | "interrupted" | "unpublished";

export interface LoggingOptions {
  /** The level for each outcome. Default: handled `info`, postponed `debug`, failed and interrupted `warn`, unpublished `error`. */
  readonly levels?: Readonly<Partial<Record<Outcome, LogLevel | "silent">>> | undefined;
  /** A clock in ms for durations. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
}

const defaults = {
  handled: "info",
  failed: "warn",
  postponed: "debug",
  interrupted: "warn",
  unpublished: "error",
} as const;

/**
 * One line for each outcome of a handling, once, and for each publish that failed: ids, type, group, attempt, duration, and the
 * error where there is one, credentials in URLs made unreadable. Never data, never a header (LIF-6). A logger that throws harms
 * nothing. Used first, it sees what all other middlewares make of a message.
 */
export function logging(logger: Logger, { levels, now = () => performance.now() }: LoggingOptions = {}): Middleware {
  const levelOf = { ...defaults, ...levels };
  const log = (outcome: Outcome, fields: Readonly<Record<string, unknown>>): void => {
    const level = levelOf[outcome];
    if (level !== "silent") harmless(() => logger[level](fields, texts[outcome]));
  };
  return {
    name: "logging",
    handle: (next) => async (message) => {
      const from = now();
      let told = false;
      const tell = (outcome: Outcome, error?: unknown): void => {
        if (told) return;
        told = true;
        log(outcome, {
          ...about(message, now() - from),
          ...(outcome === "handled" ? {} : { error: printable(error) }),
        });
      };
      message.onAbort((reason) => tell(reason.code === "TIMEOUT" ? "failed" : "interrupted", reason));
      try {
        const result = await next(message);
        await message.effects();
        tell("handled");
        return result;
      } catch (error) {
        tell(isPostponed(error) ? "postponed" : "failed", error);
        throw error;
      }
    },
    publish: (next) => async (outgoing) => {
      try {
        await next(outgoing);
      } catch (error) {
        log("unpublished", { type: outgoing.type, error: printable(error) });
        throw error;
      }
    },
  };
}

const texts: Readonly<Record<Outcome, string>> = {
  handled: "message handled",
  failed: "handling failed",
  postponed: "handling postponed",
  interrupted: "handling interrupted",
  unpublished: "publish failed",
};

function about(message: Handling, durationMs: number): Readonly<Record<string, unknown>> {
  const { id, type, group, attempt, correlationId } = message;
  return { id, type, group, attempt, correlationId, durationMs: Math.round(durationMs * 10) / 10 };
}

/** An error without the user information of the URLs in it. */
function printable(error: unknown): Readonly<Record<string, unknown>> {
  const { name, message, code, stack } = describeError(error);
  return { name, code, message: scrub(message), stack: stack && scrub(stack) };
}

function scrub(text: string): string {
  return text.replaceAll(/\b([a-z][a-z\d+.-]*:\/\/)[^\s/?#]*@/gi, "$1***@");
}

function isPostponed(error: unknown): boolean {
  try {
    return error instanceof Postpone;
  } catch {
    return false;
  }
}

function harmless(run: () => unknown): void {
  try {
    const result = run();
    if (result instanceof Promise) result.catch(() => undefined);
  } catch {
    // Whoever logs has to notice himself that he cannot.
  }
}
