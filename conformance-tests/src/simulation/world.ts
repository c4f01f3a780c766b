import {
  type Adapter,
  type Bus,
  connect,
  type InboxHandle,
  pattern,
  type Pattern,
  type Queue,
  type Topic,
} from "@waybill/core";
import { type Item, itemSchema, queueOf, topicOf } from "../item.ts";
import { wrap } from "../wrap.ts";
import { Dice } from "./dice.ts";
import { faulty, type Faults, noFaults } from "./faults.ts";
import { Ledger } from "./ledger.ts";
import { type Control, Process } from "./process.ts";
import { type Group, type Scenario, scenarioOf, type Task } from "./scenario.ts";
import { Timeline } from "./timeline.ts";

/** What is simulated: an adapter that lives in this process and goes by the clock it is given, such as memory. */
export interface Subject {
  readonly adapter: Adapter;
  /** A broker nobody has used, who gets what being drawn from the seed where it can be. */
  readonly url: (seed: number) => string;
  readonly control: Control;
  /** Plants a bug to be found; called for each world. */
  readonly plant?: (() => (adapter: Adapter) => Adapter) | undefined;
}

/** Everything a run plays with: one carrier, one clock, and the processes that use them. */
export class World {
  readonly scenario: Scenario;
  readonly timeline: Timeline;
  readonly ledger: Ledger;
  readonly dice: Dice;
  readonly source: Topic<Item> | Queue<Item>;
  /** What the topic fits. */
  readonly pattern: Pattern<Item>;
  readonly effects: Queue<Item> = queueOf({ kind: "queue", name: "effects", keyed: false, ordered: false });
  readonly #subject: Subject;
  readonly #url: string;
  readonly #tasks: ReadonlyMap<number, Task>;
  readonly #bug: (adapter: Adapter) => Adapter;
  #faults: Faults = noFaults;
  #processes = 0;

  constructor(subject: Subject, seed: number) {
    this.scenario = scenarioOf(seed);
    this.timeline = new Timeline(new Dice(seed, 1).random);
    this.dice = new Dice(seed, 2);
    this.ledger = new Ledger(this.timeline.now, this.scenario);
    const { kind, ordered } = this.scenario;
    const outline = { name: "tasks", keyed: true, ordered };
    this.source = kind === "topic" ? topicOf({ ...outline, kind }) : queueOf({ ...outline, kind });
    this.pattern = pattern("*", { schema: itemSchema, ordered });
    this.#subject = subject;
    this.#bug = subject.plant?.() ?? ((adapter) => adapter);
    this.#tasks = new Map(this.scenario.tasks.map((task) => [task.n, task]));
    this.#url = subject.url(seed);
  }

  /** From now on this goes wrong between processes and the carrier. */
  afflict(faults: Faults): void {
    this.#faults = faults;
  }

  task(n: number): Task {
    const task = this.#tasks.get(n);
    if (task === undefined) throw new Error(`there is no task ${n}`);
    return task;
  }

  /** A group's inbox, as a bus shows it. */
  inbox(bus: Bus, { name, ordered, byPattern }: Group): InboxHandle {
    const from = byPattern ? this.pattern : this.source;
    return from.kind === "queue" ? bus.inbox(from) : bus.inbox(from, name, ordered ? {} : { ordered: false });
  }

  /** Another process, connected. */
  async process(role: string): Promise<{ readonly process: Process; readonly bus: Bus }> {
    const { adapter, control } = this.#subject;
    const name = `${role}${(this.#processes += 1)}`;
    const process = new Process(name, this, control);
    const faults = faulty(this.timeline, this.dice, () => this.#faults);
    const { leaseMs, maxDelay } = this.scenario;
    const limited = (below: Adapter): Adapter =>
      wrap(below, (transport) => ({ supports: (shape) => ({ ...transport.supports(shape), maxDelay }) }));
    let ids = 0;
    const bus = await connect(this.#url, {
      adapters: [
        process.adapter(adapter, (bottom) =>
          limited(faults(this.ledger.watch(process, this.source.name)(this.#bug(bottom)))),
        ),
      ],
      options: { leaseMs },
      publishTimeout: 1_000,
      clock: process.clock,
      random: this.dice.random,
      newId: () => `${name}-${(ids += 1)}`,
    });
    return { process, bus };
  }
}
