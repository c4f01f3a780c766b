import type { Publishable } from "./definition.ts";

/** When something is published, where to, and what. */
export interface ScheduleOptions<In> {
  /**
   * 5 fields (minute, hour, day of month, month, day of week), or 6 with seconds first; names, ranges, steps, lists, `L`, `W`,
   * `#`, and nicknames such as `@daily`, as croner reads them.
   */
  readonly cron: string;
  /**
   * A time zone of IANA's. Default `"UTC"`. Where clocks go forward, a single time of day that does not exist comes at the
   * first moment after the gap, and other times in the gap do not come; where they go back, a single time of day comes once,
   * the first time it is that late, and what comes every hour or oftener comes in both hours.
   */
  readonly zone?: string | undefined;
  readonly to: Publishable<In>;
  /** The data of each tick, or what makes it. What that throws is reported, and the tick is tried again: it is never left out. */
  readonly data: NoInfer<In> | ((tick: Date) => NoInfer<In> | Promise<NoInfer<In>>);
  /** Of the ticks of a time when nobody ran: all of them (default), or only the last one. */
  readonly missed?: "all" | "last" | undefined;
}

/** A schedule as the carrier knows it. */
export interface ScheduleInfo {
  readonly name: string;
  readonly cron: string;
  readonly zone: string;
  readonly missed: "all" | "last";
  readonly target: { readonly kind: "topic" | "queue"; readonly name: string };
  /** Epoch ms; undefined where no tick comes any more. */
  readonly nextAt: number | undefined;
}

/** One instance's part in a schedule. Closing it ends that part; the other instances go on. */
export interface Schedule extends AsyncDisposable {
  readonly name: string;
  close(): Promise<void>;
}
