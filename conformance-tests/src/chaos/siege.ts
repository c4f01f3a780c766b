import { type Bus, type InboxHandle, type Queue, type Random, seededRandom, type Topic } from "@waybill/core";
import type { Broker } from "@waybill/testing";
import type { Bench } from "../bench.ts";
import type { HistoryEvent, HistoryHead } from "../checker/history.ts";
import type { Item } from "../item.ts";
import { numberOf } from "../letters.ts";
import { Crew } from "./crew.ts";
import { type FaultName, faults, isOfLinks } from "./faults.ts";

export interface SiegeOptions {
  readonly seed: number;
  readonly faults: readonly FaultName[];
  /** The load ends after so many faults, */
  readonly strikes: number;
  /** or when this is aborted, whichever comes first. */
  readonly signal: AbortSignal;
  readonly publishers: number;
  /** One of the run's own, which can be killed; default the broker of the case's URL. */
  readonly broker?: Broker | undefined;
  /** How many copies may wait before publishers get no more numbers, so that a slow carrier is not buried. */
  readonly backlog: number;
  /** The most ms between two faults. */
  readonly paceMs: number;
  readonly record: (event: HistoryEvent) => void;
}

/** How a run goes, in numbers so far. */
export interface Progress {
  readonly published: number;
  readonly delivered: number;
  readonly handled: number;
  readonly strikes: Readonly<Partial<Record<FaultName, number>>>;
  /** Copies that wait or are being handled; undefined while the broker does not say. */
  readonly depth: number | undefined;
}

const membersPerGroup = 2;
const blockSize = 25;
/** How often it looks whether there is room for more, ms. */
const lookEvery = 25;

/** The groups of a topic or, where there are none, the workers of a queue. */
function groupsOf({ manifest }: Bench): readonly string[] {
  return manifest.can.has("topics") ? ["billing", "shipping"] : ["workers"];
}

/** What a run with this bench is about. */
export function headOf(bench: Bench): HistoryHead {
  const { manifest } = bench;
  return { groups: groupsOf(bench), ordered: manifest.order === "key", rewinds: manifest.settle === "written" };
}

/**
 * Publishes from several members to groups of several members, strikes them at random meanwhile, then drains. Everything goes into
 * the history. The same seed draws the same victims; when they fall depends on the machine.
 */
export class Siege {
  readonly #bench: Bench;
  readonly #options: SiegeOptions;
  readonly #random: Random;
  readonly #source: Topic<Item> | Queue<Item>;
  readonly #groups: readonly string[];
  readonly #crew: Crew;
  readonly #strikes: Partial<Record<FaultName, number>>;
  readonly #url: string;
  readonly #counts = { published: 0, delivered: 0, handled: 0 };
  /** As it was last told. */
  #depth = 0;
  #isTold = true;
  #next = 0;
  #over = false;

  constructor(bench: Bench, options: SiegeOptions) {
    this.#bench = bench;
    this.#options = options;
    this.#random = seededRandom(options.seed);
    const { ordered } = headOf(bench);
    const layout = ordered ? ({ ordered: true } as const) : ({ keyed: true } as const);
    this.#source = bench.manifest.can.has("topics") ? bench.topic(layout) : bench.queue(layout);
    this.#groups = groupsOf(bench);
    this.#strikes = Object.fromEntries(options.faults.map((name) => [name, 0]));
    this.#url = options.broker?.url ?? bench.url;
    const { publishers, broker } = options;
    this.#crew = new Crew({
      bench,
      source: this.#source,
      groups: this.#groups,
      membersPerGroup,
      publishers,
      broker,
      url: this.#url,
      hasLinks: options.faults.some(isOfLinks),
      random: this.#random,
      record: (event) => this.#record(event),
    });
  }

  get progress(): Progress {
    return { ...this.#counts, strikes: { ...this.#strikes }, depth: this.#isTold ? this.#depth : undefined };
  }

  /** Resolves when everything is drained; rejects where that does not come to an end. */
  async run(): Promise<void> {
    const bus = await this.#bench.connect({ url: this.#url });
    await this.#crew.start();
    const feeding = this.#bench.later(this.#feed(bus));
    try {
      while (!this.#isOver()) await this.#strike();
    } finally {
      this.#over = true;
    }
    await feeding;
    await this.#crew.dismissPublishers();
    await this.#drain(bus);
  }

  #inbox(bus: Bus, group: string): InboxHandle {
    return this.#source.kind === "queue" ? bus.inbox(this.#source) : bus.inbox(this.#source, group);
  }

  #isOver(): boolean {
    const struck = Object.values(this.#strikes).reduce((sum, count) => sum + count, 0);
    return this.#options.signal.aborted || struck >= this.#options.strikes;
  }

  /** Gives the publishers numbers while there is room. */
  async #feed(bus: Bus): Promise<void> {
    const inboxes = this.#groups.map((group) => this.#inbox(bus, group));
    while (!this.#over) {
      const depth = await depthOf(inboxes).catch(() => undefined);
      this.#isTold = depth !== undefined;
      this.#depth = depth ?? this.#depth;
      if (this.#depth < this.#options.backlog) for (const seat of this.#crew.hungry) this.#give(seat);
      await this.#crew.wait(lookEvery);
    }
  }

  #give(seat: Crew["hungry"][number]): void {
    seat.hunger -= 1;
    seat.member.give({ from: this.#next, count: blockSize });
    this.#next += blockSize;
  }

  /** Waits until there is work under way again, then something happens to someone. */
  async #strike(): Promise<void> {
    const { faults: names, paceMs } = this.#options;
    const target = this.#counts.delivered + 10 + Math.floor(this.#random() * 40);
    await this.#crew.wait(this.#random() * paceMs);
    await this.#bench.eventually(
      `${target} deliveries`,
      () => this.#counts.delivered,
      (count) => count >= target || this.#options.signal.aborted,
      this.#bench.leaseBoundMs,
    );
    const name = names[Math.floor(this.#random() * names.length)];
    const seat = this.#crew.victim();
    if (name === undefined || this.#options.signal.aborted) return;
    await faults[name](this.#crew, seat);
    this.#strikes[name] = (this.#strikes[name] ?? 0) + 1;
  }

  async #drain(bus: Bus): Promise<void> {
    for (const group of this.#groups) {
      const inbox = this.#inbox(bus, group);
      await this.#bench.eventually(
        "the broker answers",
        () =>
          depthOf([inbox]).then(
            () => true,
            () => false,
          ),
        (answers) => answers,
      );
      try {
        await this.#bench.drained(inbox, this.#bench.leaseBoundMs * 3);
      } finally {
        await this.#tellDead(inbox, group);
      }
    }
  }

  /** A crash in a move that is a copy may leave two of one letter, which says nothing of the message. */
  async #tellDead(inbox: InboxHandle, group: string): Promise<void> {
    const told = new Set<number>();
    for await (const letter of inbox.deadLetters.list()) {
      const n = numberOf(letter);
      if (told.has(n) && this.#bench.manifest.move === "copy") continue;
      told.add(n);
      this.#options.record({ kind: "dead", n, group });
    }
  }

  #record(event: HistoryEvent): void {
    if (event.kind === "ok") this.#counts.published += 1;
    if (event.kind === "deliver") this.#counts.delivered += 1;
    if (event.kind === "done") this.#counts.handled += 1;
    this.#options.record(event);
  }
}

async function depthOf(inboxes: readonly InboxHandle[]): Promise<number> {
  const depths = await Promise.all(inboxes.map((inbox) => inbox.stats()));
  return depths.reduce(
    (sum, { ready = 0, inFlight = 0, delayed = 0 }) => sum + (ready ?? 0) + (inFlight ?? 0) + (delayed ?? 0),
    0,
  );
}
