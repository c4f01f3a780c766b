import { type Bus, type Random, seededRandom, type Topic, WaybillError } from "@waybill/core";
import type { Bench } from "./bench.ts";
import type { History, HistoryEvent } from "./checker/history.ts";
import { type Item, outlineOf } from "./item.ts";
import { lettersIn, numberOf } from "./letters.ts";
import type { Member, MemberSpec } from "./members/member.ts";

export interface SiegeOptions {
  readonly kills: number;
  readonly seed: number;
  /** Whether members are stopped past their lease as well, every fifth time. */
  readonly stops: boolean;
  readonly onProgress?: ((text: string) => void) | undefined;
}

const groups = ["billing", "shipping"] as const;
const membersPerGroup = 2;
const keyCount = 12;
const batch = 20;
/** How many copies may wait to be handled. */
const backlog = 400;
/** One in so many messages fails whenever it is handled. */
const poisonEvery = 50;

/**
 * Publishes without a pause to groups of several members, kills (and stops) members at random meanwhile, starts new ones, drains, and
 * gives the history. The same seed draws the same victims; when they fall depends on the machine.
 */
export async function siege(bench: Bench, options: SiegeOptions): Promise<History> {
  const run = new Siege(bench, options);
  return run.run();
}

class Siege {
  readonly #bench: Bench;
  readonly #options: SiegeOptions;
  readonly #random: Random;
  readonly #topic: Topic<Item>;
  readonly #ordered: boolean;
  readonly #events: HistoryEvent[] = [];
  readonly #members: { readonly group: string; readonly member: Member }[] = [];
  #over = false;

  constructor(bench: Bench, options: SiegeOptions) {
    this.#bench = bench;
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#ordered = bench.manifest.order === "key";
    this.#topic = bench.topic(this.#ordered ? { ordered: true } : { keyed: true });
  }

  async run(): Promise<History> {
    const bus = await this.#bench.connect();
    for (const group of groups) {
      for (let count = 0; count < membersPerGroup; count += 1) await this.#start(group);
    }
    const publishing = this.#bench.later(this.#publish(bus));
    try {
      for (let kill = 1; kill <= this.#options.kills; kill += 1) await this.#strike(kill);
    } finally {
      this.#over = true;
    }
    await publishing;
    await this.#drain(bus);
    return { groups, ordered: this.#ordered, events: [...this.#events, ...this.#seen()] };
  }

  async #start(group: string): Promise<void> {
    const spec: MemberSpec = {
      of: outlineOf(this.#topic),
      group,
      concurrency: 8,
      maxAttempts: 2,
      retryDelayMs: 10,
      act: "slow",
    };
    this.#members.push({ group, member: await this.#bench.member(spec) });
  }

  /** Keeps a bounded backlog, so that a slow carrier is not buried and the final drain is short. */
  async #publish(bus: Bus): Promise<void> {
    const ready = (n: number): boolean => this.#over || n * groups.length - this.#delivered() < backlog;
    for (let n = 0; !this.#over; n += batch) {
      await Promise.all(Array.from({ length: batch }, (_, index) => this.#publishOne(bus, n + index)));
      await this.#bench.eventually(
        "room for more",
        () => ready(n),
        (is) => is,
        this.#bench.leaseBoundMs * 2,
      );
    }
  }

  async #publishOne(bus: Bus, n: number): Promise<void> {
    const poisoned = n % poisonEvery === poisonEvery - 1;
    const key = `k${n % keyCount}`;
    this.#events.push({ kind: "invoke", n, key, poisoned });
    try {
      await bus.publish(this.#topic, { n, key, ...(poisoned && { act: "fail" }) });
      this.#events.push({ kind: "ok", n });
    } catch (error) {
      const unknown = error instanceof WaybillError && error.code === "OUTCOME_UNKNOWN";
      this.#events.push({ kind: unknown ? "unknown" : "fail", n });
    }
  }

  /** Waits until there is work under way again, then lets one member die, and starts another. */
  async #strike(kill: number): Promise<void> {
    const target = this.#delivered() + 10 + Math.floor(this.#random() * 40);
    const { leaseBoundMs } = this.#bench;
    await this.#bench.eventually(
      `${target} deliveries`,
      () => this.#delivered(),
      (count) => count >= target,
      leaseBoundMs,
    );
    const alive = this.#members.filter(({ member }) => member.alive);
    const victim = alive[Math.floor(this.#random() * alive.length)];
    if (victim === undefined) throw new Error("nobody is alive");
    if (this.#options.stops && kill % 5 === 0) await this.#stop(victim.member);
    else {
      await victim.member.kill();
      await this.#start(victim.group);
    }
    this.#options.onProgress?.(`${kill} of ${this.#options.kills}: ${this.#delivered()} deliveries`);
  }

  /** Past its lease, then it goes on as a zombie. */
  async #stop(member: Member): Promise<void> {
    member.freeze();
    const until = performance.now() + this.#bench.manifest.leaseMs * 1.5;
    await this.#bench.eventually(
      "one and a half leases",
      () => performance.now(),
      (now) => now >= until,
      this.#bench.leaseBoundMs,
    );
    member.thaw();
  }

  async #drain(bus: Bus): Promise<void> {
    for (const group of groups) {
      const inbox = bus.inbox(this.#topic, group);
      await this.#bench.drained(inbox, this.#bench.leaseBoundMs * 3);
      for (const letter of await lettersIn(inbox)) this.#events.push({ kind: "dead", n: numberOf(letter), group });
    }
  }

  #delivered(): number {
    return this.#members.reduce((sum, { member }) => sum + member.began.length, 0);
  }

  #seen(): readonly HistoryEvent[] {
    return this.#members.flatMap(({ group, member }) => [
      ...member.began.map(({ n, beganAt }) => ({ kind: "deliver", n, group, at: beganAt }) as const),
      ...member.ends.map(({ n, at }) => ({ kind: "done", n, group, at }) as const),
    ]);
  }
}
