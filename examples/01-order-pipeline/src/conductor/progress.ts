import type { Depths } from "./inboxes.ts";
import type { Ledger } from "./ledger.ts";
import type { Group } from "./reports.ts";
import { groups, monotonicMs } from "./reports.ts";
import type { Screen } from "./screen.ts";

const barWidth = 20;
/** Over how much time a rate is taken. */
const rateMs = 2_000;
/** How often a line is printed where there is no terminal. */
const lineMs = 1_000;

interface Row {
  readonly name: string;
  readonly done: number;
  readonly of: number;
  readonly rate: number | undefined;
}

interface Sample {
  readonly at: number;
  readonly counts: readonly number[];
}

/** Shows how far the run is: on a terminal a block with bars, elsewhere a line each second. */
export class Progress {
  readonly #screen: Screen;
  readonly #ledger: Ledger;
  readonly #startedAt = monotonicMs();
  #explained = false;
  #printedAt = this.#startedAt;
  #samples: readonly Sample[] = [];

  constructor(screen: Screen, ledger: Ledger) {
    this.#screen = screen;
    this.#ledger = ledger;
  }

  /** Shows the state of now, with how full the inboxes are. */
  show(depths: Depths): void {
    const now = monotonicMs();
    const rates = this.#rates(now);
    if (this.#screen.live) this.#screen.draw(this.#block(depths, rates));
    else if (now - this.#printedAt >= lineMs) {
      this.#printedAt = now;
      if (!this.#explained) this.#screen.print("Each group: handled (rate) ready/in flight/delayed/dead");
      this.#explained = true;
      this.#screen.print(this.#line(now, depths, rates));
    }
  }

  #block(depths: Depths, rates: readonly number[]): readonly string[] {
    const { orders, complete } = this.#ledger;
    const head = `${"".padEnd(46)}  ready  in flight  delayed  dead`;
    const rows = groups.map((group, index) => {
      const { ready, inFlight, delayed, dead } = depths[group];
      const lanes = field(ready, 7) + field(inFlight, 11) + field(delayed, 9) + field(dead, 6);
      return row({ name: group, done: this.#done(group), of: orders.size, rate: rates[index + 1] }) + lanes;
    });
    // How many orders there are is known only when the last one has been read.
    const published = {
      name: "orders",
      done: orders.size,
      of: complete ? orders.size : orders.size * 2,
      rate: rates[0],
    };
    return ["", head, row(published), ...rows];
  }

  #line(now: number, depths: Depths, rates: readonly number[]): string {
    const seconds = ((now - this.#startedAt) / 1_000).toFixed(0).padStart(3);
    const parts = groups.map((group, index) => {
      const { ready, inFlight, delayed, dead } = depths[group];
      const lanes = [ready, inFlight, delayed, dead].map((lane) => lane ?? "?").join("/");
      return `${group} ${this.#done(group)} (${rates[index + 1]}/s) ${lanes}`;
    });
    return `${seconds} s  ${[`orders ${this.#ledger.orders.size} (${rates[0]}/s)`, ...parts].join("  ")}`;
  }

  /** How many per second lately: orders published, then handled by each group. */
  #rates(now: number): readonly number[] {
    const counts = [this.#ledger.orders.size, ...groups.map((group) => this.#done(group))];
    this.#samples = [...this.#samples.filter(({ at }) => now - at < rateMs), { at: now, counts }];
    const [oldest] = this.#samples;
    return counts.map((count, index) => {
      const gained = count - (oldest?.counts[index] ?? 0);
      return oldest === undefined || oldest.at === now ? 0 : Math.round((gained * 1_000) / (now - oldest.at));
    });
  }

  #done(group: Group): number {
    return this.#ledger.groups[group].handled.size;
  }
}

function row({ name, done, of, rate }: Row): string {
  const full = of === 0 ? 0 : Math.floor((done / of) * barWidth);
  const bar = "█".repeat(full) + "░".repeat(barWidth - full);
  return `${name.padEnd(8)} ${bar} ${field(done, 7)} ${field(rate, 6)}/s`;
}

function field(value: number | undefined, width: number): string {
  return String(value ?? "?").padStart(width);
}
