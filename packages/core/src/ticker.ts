import { atMost } from "./at-most.ts";
import type { Clock } from "./clock.ts";
import { decode } from "./cloud-events.ts";
import { json } from "./codec.ts";
import { toWaybillError, type WaybillError } from "./errors.ts";
import type { Backoff, Delivery, Inbox, Receiver, Sink, Transport } from "./seam.ts";
import { Settler } from "./settler.ts";
import type { Ticks } from "./ticks.ts";

export interface TickerOptions {
  readonly ticks: Ticks;
  readonly missed: "all" | "last";
  readonly clock: Clock;
  readonly backoff: Backoff;
  /** The longest delay of the carrier, ms. */
  readonly maxDelay: number;
  /** Resolves once the tick is stored. */
  readonly publish: (tick: number) => Promise<unknown>;
  /** Told of a tick that could not be published and is tried again. */
  readonly failed: (error: WaybillError) => void;
}

/** What the first message of a schedule holds: ticks after it are due. */
export interface Token {
  readonly since: number;
}

/** The header in which the last published tick stands. */
const header = "waybill-tick";
/** How many ticks are published before it is written down where we are. */
const stride = 100;
/** A changed schedule and a set clock are noticed within that time, ms. */
const longestWait = 60_000;
const flow = { window: 1, bytes: 2 ** 20, settle: "after" } as const;

/**
 * One instance's part in a schedule. The schedule is a message, its token, which is never settled for good: whoever has it
 * publishes what is due, writes the last tick on it and puts it back until the next one. So the carrier chooses who it is,
 * and a dead one's token goes to another (DLY-3).
 */
export class Ticker implements Sink {
  readonly #options: TickerOptions;
  readonly #settler: Settler;
  /** The tokens in hand: one, unless its lease was lost and it came back. */
  readonly #held = new Set<Delivery>();
  #receiver: Receiver | undefined;
  /** The last tick of which it knows that it was published: a token that was stored twice, when its holder died, may know less. */
  #last = -Infinity;
  #failures = 0;
  #closing = false;
  #idle = Promise.withResolvers<void>();

  constructor(options: TickerOptions) {
    this.#options = options;
    const { clock, backoff, failed } = options;
    const trouble = (error: WaybillError | undefined): void => void (error !== undefined && failed(error));
    this.#settler = new Settler({ clock, backoff, done: () => undefined, trouble });
  }

  async start(transport: Transport, inbox: Inbox): Promise<void> {
    this.#receiver = await transport.receive(inbox, flow, this);
    this.#settler.attach(this.#receiver);
    this.#receiver.ended.catch((error: unknown) => this.#options.failed(toWaybillError(error, "UNAVAILABLE")));
  }

  deliver(batch: readonly Delivery[]): void {
    for (const token of batch) void this.#hold(token);
  }

  lost(batch: readonly Delivery[]): void {
    for (const token of batch) this.#held.delete(token);
  }

  /** Takes no token any more, finishes with the tick that is being published within `graceMs`, puts the token back. */
  async close(graceMs: number): Promise<void> {
    const { clock } = this.#options;
    this.#closing = true;
    await this.#receiver?.stop();
    if (this.#held.size > 0) await atMost(clock, graceMs, this.#idle.promise);
    await atMost(clock, Math.max(graceMs, 1_000), this.#settler.drained());
    this.#settler.close();
    await this.#receiver?.close();
  }

  /** Never rejects. */
  async #hold(token: Delivery): Promise<void> {
    this.#held.add(token);
    const { clock, backoff, failed } = this.#options;
    this.#last = Math.max(lastOf(token) ?? clock.now(), this.#last);
    let delayMs: number;
    try {
      await this.#publishDue(token);
      this.#failures = 0;
      delayMs = this.#untilNext(this.#last);
    } catch (error) {
      this.#failures += 1;
      delayMs = backoff(this.#failures);
      failed(toWaybillError(error, "INVALID_DATA"));
    }
    // Without the lease it is another's, who knows as much as this token told.
    if (this.#held.delete(token))
      this.#settler.add({ delivery: token, outcome: "retry", delayMs, failed: false, note: noteOf(this.#last) });
    if (this.#held.size > 0) return;
    this.#idle.resolve();
    this.#idle = Promise.withResolvers();
  }

  /** One after the other, so that it is certain what has been published. */
  async #publishDue(token: Delivery): Promise<void> {
    const { publish } = this.#options;
    for (let count = 0; count < stride; count += 1) {
      const tick = this.#due(this.#last);
      if (tick === undefined || this.#closing || !this.#held.has(token)) return;
      await publish(tick);
      this.#last = Math.max(tick, this.#last);
    }
  }

  #due(last: number): number | undefined {
    const { ticks, missed, clock } = this.#options;
    const now = clock.now();
    const next = ticks.next(last);
    if (next === undefined || next > now) return undefined;
    return missed === "all" ? next : ticks.last(now);
  }

  #untilNext(last: number): number {
    const { ticks, clock, maxDelay } = this.#options;
    const left = (ticks.next(last) ?? Infinity) - clock.now();
    return Math.min(Math.max(left, 0), longestWait, maxDelay);
  }
}

function noteOf(last: number): Readonly<Record<string, string>> {
  return { [header]: String(last) };
}

/** Undefined where a foreign hand has been at the token. */
function lastOf(token: Delivery): number | undefined {
  const written = Number(token.headers[header] ?? sinceOf(token));
  return Number.isFinite(written) ? written : undefined;
}

function sinceOf(token: Delivery): unknown {
  try {
    return (decode(json, token).data as Token).since;
  } catch {
    return undefined;
  }
}
