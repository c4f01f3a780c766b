import { type AdapterContext, WaybillError } from "@waybill/core";
import { isCertain, isOfSkew, isThrottling, isUnreachable, toError } from "./errors.ts";

/** How many requests' bounds a question may take that can be asked again. */
const patience = 3;

const closed = new WaybillError("CLOSED", "sqs: the connection is closed");

/** Why a request has failed, in our words, and whether nothing was done for certain. */
export class RequestError extends Error {
  readonly error: WaybillError;
  readonly certain: boolean;

  /** Whether the same request may be answered a little later. */
  get isPassing(): boolean {
    return isUnreachable(this.cause) || isThrottling(this.cause);
  }

  constructor(error: WaybillError, certain: boolean, cause: unknown) {
    super(error.message, { cause });
    this.error = error;
    this.certain = certain;
  }
}

/**
 * What all requests pass: each has a bound, where one is throttled all wait a while before the next, and a loss of the way there, and its
 * return, are told once.
 */
export class Gate {
  readonly #context: Pick<AdapterContext, "clock" | "backoff" | "report">;
  readonly #timeoutMs: number;
  #throttles = 0;
  #openAt = 0;
  #isLost = false;
  /** Whether there has been an answer: before that a wrong URL is told at once. */
  #wasAnswered = false;
  #isClosed = false;

  constructor(context: Pick<AdapterContext, "clock" | "backoff" | "report">, timeoutMs: number) {
    this.#context = context;
    this.#timeoutMs = timeoutMs;
  }

  /** Makes a request, by the deadline (epoch ms) and within the bound plus `waitMs`. Rejects with a `RequestError`. */
  async run<T>(action: string, deadline: number, request: (signal: AbortSignal) => Promise<T>, waitMs = 0): Promise<T> {
    await this.#open(deadline, action);
    // The SDK's clients would make new connections.
    if (this.#isClosed) throw new RequestError(closed, true, closed);
    const { clock } = this.#context;
    const controller = new AbortController();
    const left = Math.min(this.#timeoutMs + waitMs, Math.max(deadline - clock.now(), 1));
    const cancel = clock.after(left, () => controller.abort());
    const once = (): Promise<T> => request(controller.signal);
    try {
      // By what it was told the SDK has set its clock.
      const answer = await once().catch((thrown: unknown) => (isOfSkew(thrown) ? once() : Promise.reject(thrown)));
      this.#answered();
      return answer;
    } catch (thrown) {
      throw this.#failed(thrown, action);
    } finally {
      cancel();
    }
  }

  /** From now on nothing is asked. */
  close(): void {
    this.#isClosed = true;
  }

  /** What may be asked twice: asked again while there is no answer, or it is throttled, within a bound. */
  async ask<T>(action: string, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, backoff } = this.#context;
    const deadline = clock.now() + patience * this.#timeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.run(action, deadline, request);
      } catch (thrown) {
        const isPassing = thrown instanceof RequestError && thrown.isPassing && this.#wasAnswered;
        if (!isPassing || clock.now() >= deadline) throw thrown;
        await new Promise<void>((resolve) => void clock.after(backoff(attempt), resolve));
      }
    }
  }

  async #open(deadline: number, action: string): Promise<void> {
    const { clock } = this.#context;
    while (this.#openAt > clock.now()) {
      const ms = Math.min(this.#openAt, deadline) - clock.now();
      await new Promise<void>((resolve) => void clock.after(Math.max(ms, 0), resolve));
      if (clock.now() < deadline) continue;
      const error = new WaybillError("UNAVAILABLE", `sqs: ${action}: the service asks for fewer requests`);
      throw new RequestError(error, true, undefined);
    }
  }

  #answered(): void {
    this.#throttles = 0;
    this.#wasAnswered = true;
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#context.report("restored");
  }

  #failed(thrown: unknown, action: string): RequestError {
    const error = toError(thrown, action);
    if (isThrottling(thrown)) this.#throttled(error);
    else if (isUnreachable(thrown) && !this.#isLost) {
      this.#isLost = true;
      this.#context.report("lost", undefined, error);
    }
    return new RequestError(error, isCertain(thrown), thrown);
  }

  /** Requests that are throttled together are one. */
  #throttled(error: WaybillError): void {
    const now = this.#context.clock.now();
    if (this.#openAt > now) return;
    this.#throttles += 1;
    this.#openAt = now + this.#context.backoff(this.#throttles);
    this.#context.report("throttled", undefined, error);
  }
}

/** Whatever was thrown by a request, in our words. */
export function errorOf(thrown: unknown): WaybillError {
  if (thrown instanceof RequestError) return thrown.error;
  return toError(thrown, "a request");
}

/** Whether a request failed because the queue or topic is not there. */
export function isGone(thrown: unknown): boolean {
  return thrown instanceof RequestError && thrown.error.code === "MISSING";
}
