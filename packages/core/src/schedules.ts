import { allOf } from "./all-of.ts";
import type { Clock } from "./clock.ts";
import { WaybillError } from "./errors.ts";
import { inboxOf, placesOf, sourceOf } from "./inbox.ts";
import { internal } from "./internal.ts";
import { checkName, internalPrefix } from "./names.ts";
import { type Outlets, supported } from "./outlets.ts";
import { type Entry, Register } from "./register.ts";
import type { Schedule, ScheduleInfo, ScheduleOptions } from "./schedule.ts";
import type { Backoff, Inbox, Transport } from "./seam.ts";
import { Ticker, type Token } from "./ticker.ts";
import { Ticks } from "./ticks.ts";

export interface SchedulesOptions {
  readonly transport: Transport;
  readonly outlets: Outlets;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly publishTimeout: number;
  readonly report: (kind: "tick-failed", inbox: Inbox, error: WaybillError) => void;
}

/** The schedules of a bus. */
export class Schedules {
  readonly #options: SchedulesOptions;
  readonly #register: Register;
  readonly #tickers = new Set<Ticker>();
  #closed = false;

  constructor(options: SchedulesOptions) {
    this.#options = options;
    this.#register = new Register(options);
  }

  /** See `Bus.schedule`. */
  async start<In>(name: string, options: ScheduleOptions<In>): Promise<Schedule> {
    const { transport, clock } = this.#options;
    const definition = definitionOf(name);
    const inbox = inboxOf(definition, undefined);
    const { cron, zone = "UTC", missed = "all", to } = options;
    const ticks = new Ticks(cron, zone, { place: `schedule ${JSON.stringify(name)}`, now: clock.now() });
    if (missed !== "all" && missed !== "last")
      throw new TypeError(`schedule "${name}": missed is ${String(missed)}; give "all" or "last"`);
    this.#admit();
    const { maxDelay } = supported(transport, definition);
    if (maxDelay === 0) throw new WaybillError("UNSUPPORTED", `schedule "${name}": this carrier delivers at once`);
    const publish = this.#publisher(name, options);
    const failed = (error: WaybillError): void => this.#options.report("tick-failed", inbox, error);
    const ticker = new Ticker({ ...this.#options, ticks, missed, maxDelay, publish, failed });
    await transport.declare(placesOf(definition, inbox));
    await this.#register.put({ name, cron, zone, missed, target: { kind: to.kind, name: to.name } });
    await this.#seed(definition, inbox);
    await ticker.start(transport, inbox);
    if (this.#closed) await ticker.close(0);
    this.#admit();
    this.#tickers.add(ticker);
    return this.#handle(name, ticker);
  }

  /** See `Bus.schedules`. */
  async list(): Promise<readonly ScheduleInfo[]> {
    const now = this.#options.clock.now();
    const entries = [...(await this.#register.all()).values()];
    return entries
      .toSorted((one, other) => (one.name < other.name ? -1 : 1))
      .map((entry) => ({ ...entry, nextAt: nextOf(entry, now) }));
  }

  /** See `Bus.unschedule`. */
  async remove(name: string): Promise<void> {
    await this.#register.remove(name);
    await this.#options.transport.remove(sourceOf(definitionOf(name)));
  }

  /** Ends all parts in schedules and refuses new ones with `CLOSED`. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    await allOf([...this.#tickers].map((ticker) => ticker.close(graceMs)));
  }

  /** The id of a tick is the same whoever publishes it, and however often. */
  #publisher<In>(name: string, { to, data }: ScheduleOptions<In>): (tick: number) => Promise<unknown> {
    const { producer } = this.#options.outlets.of(to);
    return async (tick) => {
      const at = new Date(tick);
      const made: unknown = typeof data === "function" ? await (data as (tick: Date) => unknown)(at) : data;
      return producer.publish(made, { id: `${name}@${at.toISOString()}` });
    };
  }

  /**
   * Sends the token where there is none. Two instances that start at once may both do so: the second token waits behind
   * the first, since it has its key, and as the first is never done with, for ever. Where a carrier knows what repeats an id there
   * is one.
   */
  async #seed(definition: ReturnType<typeof definitionOf>, inbox: Inbox): Promise<void> {
    const { transport, outlets, clock } = this.#options;
    const { ready = 0, inFlight = 0, delayed = 0 } = await transport.depth(inbox);
    if (ready + inFlight + delayed === 0)
      await outlets.of(definition).producer.publish({ since: clock.now() }, { id: "seed" });
  }

  #handle(name: string, ticker: Ticker): Schedule {
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => {
      closing ??= ticker.close(30_000).finally(() => this.#tickers.delete(ticker));
      return closing;
    };
    return { name, close, [Symbol.asyncDispose]: close };
  }

  #admit(): void {
    if (this.#closed) throw new WaybillError("CLOSED", "the bus is closed, nothing can be scheduled through it");
  }
}

/** The queue of a schedule's token. Ordered with one key, so that there is one in hand at a time, over all members. */
function definitionOf(name: string): ReturnType<typeof internal<Token>> {
  checkName("schedule", `${internalPrefix}schedule.${name}`);
  return internal<Token>("queue", `schedule.${name}`, true);
}

function nextOf({ name, cron, zone }: Entry, now: number): number | undefined {
  try {
    return new Ticks(cron, zone, { place: name, now }).next(now);
  } catch {
    return undefined;
  }
}
