import { Absences, type AdapterContext, WaybillError } from "@waybill/core";
import { isCertain, isOfSkew, isThrottling, isUnreachable, toError } from "./errors.ts";

/** How many requests' bounds a question may take that can be asked again. */
const patience = 3;

/**
 * For so long a queue that is said to be missing is doubted, ms: SQS may say so for a second of one that was just made, and ElasticMQ
 * (1.7) of all when it has just started and not read them yet.
 */
const doubtMs = 3_000;

const closed = new WaybillError("CLOSED", "sqs: the connection is closed");

/** Why a request has failed, in our words. */
export class RequestError extends Error {
  readonly error: WaybillError;
  /** Nothing was done for certain. */
  readonly certain: boolean;
  /** The same request may be answered a little later. */
  readonly passing: boolean;

  constructor(error: WaybillError, { certain, passing }: { readonly certain: boolean; readonly passing: boolean }) {
    super(error.message, { cause: error });
    this.error = error;
    this.certain = certain;
    this.passing = passing;
  }
}

/** What a request does, and to what. */
export interface Asked {
  /** `sqs:SendMessage` */
  readonly action: string;
  /** The URL of the queue that it takes to be there. */
  readonly queue?: string;
}

interface Bounded extends Asked {
  /** Epoch ms. */
  readonly deadline: number;
  /** How long it waits by itself. */
  readonly waitMs?: number;
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
  readonly #absences: Absences;

  constructor(context: Pick<AdapterContext, "clock" | "backoff" | "report">, timeoutMs: number) {
    this.#context = context;
    this.#absences = new Absences(context.clock, doubtMs);
    this.#timeoutMs = timeoutMs;
  }

  /** Makes a request, by its deadline and within the bound plus what it waits by itself. Rejects with a `RequestError`. */
  async run<T>(asked: Bounded, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { action, deadline, waitMs = 0, queue } = asked;
    await this.#open(deadline, action);
    // The SDK's clients would make new connections.
    if (this.#isClosed) throw new RequestError(closed, { certain: true, passing: false });
    const { clock } = this.#context;
    const controller = new AbortController();
    const left = Math.min(this.#timeoutMs + waitMs, Math.max(deadline - clock.now(), 1));
    const cancel = clock.after(left, () => controller.abort());
    const once = (): Promise<T> => request(controller.signal);
    try {
      // By what it was told the SDK has set its clock.
      const answer = await once().catch((thrown: unknown) => (isOfSkew(thrown) ? once() : Promise.reject(thrown)));
      this.#answered();
      if (queue !== undefined) this.#absences.seen(queue);
      return answer;
    } catch (thrown) {
      throw this.#failed(thrown, asked);
    } finally {
      cancel();
    }
  }

  /** From now on nothing is asked. */
  close(): void {
    this.#isClosed = true;
  }

  /** What may be asked twice: asked again while there is no answer, or it is throttled, within a bound. */
  async ask<T>(asked: Asked, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, backoff } = this.#context;
    const deadline = clock.now() + Math.max(patience * this.#timeoutMs, 2 * doubtMs);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.run({ ...asked, deadline }, request);
      } catch (thrown) {
        const isPassing = thrown instanceof RequestError && thrown.passing && this.#wasAnswered;
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
      throw new RequestError(error, { certain: true, passing: false });
    }
  }

  #answered(): void {
    this.#throttles = 0;
    this.#wasAnswered = true;
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#context.report("restored");
  }

  #failed(thrown: unknown, { action, queue }: Asked): RequestError {
    const error = toError(thrown, action);
    if (error.code === "MISSING" && queue !== undefined && !this.#absences.isBelieved(queue)) {
      const doubted = new WaybillError("UNAVAILABLE", error.message);
      return new RequestError(doubted, { certain: true, passing: true });
    }
    if (isThrottling(thrown)) this.#throttled(error);
    else if (isUnreachable(thrown) && !this.#isLost) {
      this.#isLost = true;
      this.#context.report("lost", undefined, error);
    }
    const passing = isUnreachable(thrown) || isThrottling(thrown);
    return new RequestError(error, { certain: isCertain(thrown), passing });
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
