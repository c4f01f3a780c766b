import { Cron } from "croner";

/** The times of a cron expression in a time zone: whole seconds, epoch ms. */
export class Ticks {
  readonly #cron: Cron;

  /**
   * `now` is where it has to have a future.
   * @throws TypeError, opened by `place`, for an expression that cannot be read or never comes, or a zone nobody knows
   */
  constructor(cron: string, zone: string, { place, now }: { readonly place: string; readonly now: number }) {
    this.#cron = read(cron, zone, place);
    if (this.next(now) === undefined) throw new TypeError(`${place}: cron ${JSON.stringify(cron)} never comes`);
  }

  /** The first after `at`; undefined where there is none any more. */
  next(at: number): number | undefined {
    return this.#cron.nextRun(new Date(at))?.getTime();
  }

  /** The last that is not after `at`. */
  last(at: number): number | undefined {
    // A whole second is not before itself.
    return this.#cron.previousRuns(1, new Date(at + 1))[0]?.getTime();
  }
}

function read(cron: string, zone: string, place: string): Cron {
  const shown = `${place}: cron ${JSON.stringify(cron)}`;
  // Neither a date, which has no future at the next start, nor "?", which croner replaces by the time of the start.
  if (typeof cron !== "string" || !/^(@[a-z]+|\S+(\s+\S+){4,5})$/.test(cron.trim()) || cron.includes("?")) {
    throw new TypeError(
      `${shown} cannot be read; give 5 fields, 6 with seconds first, such as "0 3 * * *", without "?"`,
    );
  }
  if (!isZone(zone)) {
    throw new TypeError(`${place}: zone ${JSON.stringify(zone)} is none; give one of IANA's, such as "Europe/Berlin"`);
  }
  try {
    return new Cron(cron, { timezone: zone, paused: true });
  } catch (cause) {
    throw new TypeError(`${shown} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function isZone(zone: unknown): boolean {
  try {
    return typeof zone === "string" && Intl.DateTimeFormat("en", { timeZone: zone }).format() !== "";
  } catch {
    return false;
  }
}
