import { atMost } from "./at-most.ts";
import type { Clock } from "./clock.ts";
import { decode } from "./cloud-events.ts";
import { json } from "./codec.ts";
import { WaybillError } from "./errors.ts";
import { inboxOf, placesOf } from "./inbox.ts";
import { internal } from "./internal.ts";
import type { Outlets } from "./outlets.ts";
import type { ScheduleInfo } from "./schedule.ts";
import type { Backoff, Delivery, Transport, Verdict } from "./seam.ts";
import { Settler } from "./settler.ts";

/** What is kept of a schedule. */
export type Entry = Omit<ScheduleInfo, "nextAt">;

export interface RegisterOptions {
  readonly transport: Transport;
  readonly outlets: Outlets;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly publishTimeout: number;
}

const definition = internal<Entry>("queue", "schedules");
const inbox = inboxOf(definition, undefined);
const flow = { window: 100, bytes: 2 ** 20, settle: "after" } as const;

/**
 * The schedules that the carrier knows, each a dead letter of a queue of our own: dead letters are what every carrier can
 * list without taking anything away.
 */
export class Register {
  readonly #options: RegisterOptions;

  constructor(options: RegisterOptions) {
    this.#options = options;
  }

  /** By their names. None where the place is missing and may not be made. */
  async all(): Promise<ReadonlyMap<string, Entry>> {
    const entries = new Map<string, Entry>();
    // Of one that was changed a moment ago the newest counts.
    await this.#walk((entry) => {
      entries.set(entry.name, entry);
      return "keep";
    });
    return entries;
  }

  /** Resolves when it is listed, in the place of what stood there under its name. */
  async put(entry: Entry): Promise<void> {
    const known = (await this.all()).get(entry.name);
    if (JSON.stringify(known) === JSON.stringify(entry)) return;
    const { id } = await this.#options.outlets.of(definition).producer.publish(entry);
    await this.#bury(id);
    // Only those before it: of two that are put at once the later one stays.
    let isOlder = true;
    await this.#walk(({ name }, letter) => {
      isOlder &&= letter.id !== id;
      return name === entry.name && isOlder ? "discard" : "keep";
    });
  }

  async remove(name: string): Promise<void> {
    await this.#walk((entry) => (entry.name === name ? "discard" : "keep"));
  }

  /** Makes a letter of what waits in the queue until that one is a letter, be it by us or by somebody who does the same. */
  async #bury(id: string): Promise<void> {
    const { transport, clock, backoff, publishTimeout } = this.#options;
    let settled = Promise.withResolvers<void>();
    const settler = new Settler({ clock, backoff, done: () => settled.resolve(), trouble: () => undefined });
    const receiver = await transport.receive(inbox, flow, {
      deliver: (batch) => {
        for (const delivery of batch) settler.add({ delivery, outcome: "dead", note: {} });
      },
      lost: () => undefined,
    });
    settler.attach(receiver);
    try {
      const deadline = clock.now() + publishTimeout;
      while (!(await this.#holds(id))) {
        if (clock.now() >= deadline)
          throw new WaybillError("TIMEOUT", "the schedule could not be written down in time");
        await atMost(clock, 100, settled.promise);
        settled = Promise.withResolvers();
      }
    } finally {
      settler.close();
      await receiver.close();
    }
  }

  async #holds(id: string): Promise<boolean> {
    let found = false;
    await this.#walk((_, letter) => {
      found ||= letter.id === id;
      return found ? "stop" : "keep";
    });
    return found;
  }

  async #walk(visit: (entry: Entry, letter: Delivery) => Verdict): Promise<void> {
    const { transport } = this.#options;
    await transport.declare(placesOf(definition, inbox));
    const look = (letter: Delivery): Verdict => {
      const entry = read(letter);
      return entry === undefined ? "keep" : visit(entry, letter);
    };
    await transport.walk(inbox, async (letter) => look(letter), new AbortController().signal);
  }
}

/** Undefined for what is no schedule. */
function read(letter: Delivery): Entry | undefined {
  try {
    const entry = decode(json, letter).data as Entry;
    return typeof entry.name === "string" ? entry : undefined;
  } catch {
    return undefined;
  }
}
