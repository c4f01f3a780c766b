import type { Queue, Random, Topic } from "@waybill/core";
import type { Broker, FaultProxy } from "@waybill/testing";
import type { Bench } from "../bench.ts";
import type { HistoryEvent } from "../checker/history.ts";
import { type Item, outlineOf } from "../item.ts";
import { epochNow } from "../epoch-now.ts";
import type { Member, MemberSpec } from "../members/member.ts";
import { Stops } from "./stops.ts";

/** A place in the crew. Who sits in it may die; then another does. */
export interface Seat {
  readonly name: string;
  readonly group: string | undefined;
  /** Its members' way to the broker, where links can fail. */
  readonly link: FaultProxy | undefined;
  member: Member;
  /** How many blocks of numbers it waits for. */
  hunger: number;
}

export interface CrewOptions {
  readonly bench: Bench;
  readonly source: Topic<Item> | Queue<Item>;
  readonly groups: readonly string[];
  readonly membersPerGroup: number;
  readonly publishers: number;
  /** Where the broker is. */
  readonly url: string;
  /** Whether each member has a link of its own that can fail. */
  readonly hasLinks: boolean;
  /** What can be killed and started again. */
  readonly broker: Broker | undefined;
  readonly random: Random;
  readonly record: (event: HistoryEvent) => void;
}

/** The publishers and the groups' members of a run. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #seats: Seat[] = [];
  readonly #stops = new Stops();
  #hired = 0;

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** Members first, so that every message finds its groups. */
  async start(): Promise<void> {
    const { groups, membersPerGroup, publishers } = this.#options;
    for (const group of groups)
      for (let count = 0; count < membersPerGroup; count += 1) await this.#seat(`${group} ${count}`, group);
    for (let count = 0; count < publishers; count += 1) await this.#seat(`publisher ${count}`, undefined);
  }

  get random(): Random {
    return this.#options.random;
  }

  get broker(): Broker | undefined {
    return this.#options.broker;
  }

  /** Everybody's. */
  get links(): readonly FaultProxy[] {
    return this.#seats.flatMap(({ link }) => (link === undefined ? [] : [link]));
  }

  get leaseMs(): number {
    return this.#options.bench.manifest.leaseMs;
  }

  /** The publishers that wait for numbers. */
  get hungry(): readonly Seat[] {
    return this.#seats.filter(({ hunger }) => hunger > 0);
  }

  /** One of those that live, by chance. */
  victim(): Seat {
    const alive = this.#seats.filter(({ member }) => member.alive);
    const victim = alive[Math.floor(this.#options.random() * alive.length)];
    if (victim === undefined) throw new Error("nobody is alive");
    return victim;
  }

  /** Another takes the place of who has died. */
  async fill(seat: Seat): Promise<void> {
    seat.hunger = 0;
    seat.member = await this.#hire(seat, () => (seat.hunger += 1));
  }

  /** Resolves when the publishers have published what they were given, and are gone. */
  async dismissPublishers(): Promise<void> {
    const publishers = this.#seats.filter(({ group, member }) => group === undefined && member.alive);
    await Promise.all(publishers.map(({ member }) => member.close()));
  }

  /** It was stopped from then on, and goes on: for a lease from now it may begin what is others' by now. */
  zombie({ name }: Seat, from: number): void {
    this.#stops.add(name, from, epochNow() + this.leaseMs);
  }

  async wait(ms: number): Promise<void> {
    await new Promise((resolve) => void setTimeout(resolve, ms));
  }

  async #seat(name: string, group: string | undefined): Promise<void> {
    let early = 0;
    const seat: { current: Seat | undefined } = { current: undefined };
    const wants = (): void => {
      if (seat.current === undefined) early += 1;
      else seat.current.hunger += 1;
    };
    const link = this.#options.hasLinks ? await this.#options.bench.link(this.#options.url) : undefined;
    const member = await this.#hire({ name, group, link }, wants);
    seat.current = { name, group, link, member, hunger: early };
    this.#seats.push(seat.current);
  }

  #hire({ name, group, link }: Pick<Seat, "name" | "group" | "link">, wants: () => void): Promise<Member> {
    const { bench, source, url: direct, record } = this.#options;
    const url = link?.url(direct) ?? direct;
    this.#hired += 1;
    const of = outlineOf(source);
    // Keys of its own: the order of a key is that of one publisher.
    const load = { name: `p${this.#hired}`, keys: 12, poisonEvery: 50, slowEvery: 10 };
    const work = { of, url, chronicle: group, concurrency: 8, maxAttempts: 2, retryDelayMs: 10 };
    const spec: MemberSpec =
      group === undefined ? { of, url, load } : { ...work, group: source.kind === "topic" ? group : undefined };
    return bench.member(spec, (event) => {
      if (event.kind === "history") record(this.#marked(name, event.event));
      else wants();
    });
  }

  #marked(name: string, event: HistoryEvent): HistoryEvent {
    return event.kind === "deliver" && this.#stops.has(name, event.at) ? { ...event, zombie: true } : event;
  }
}
