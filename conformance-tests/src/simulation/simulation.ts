import { type Bus, type InboxHandle, type PublishOptions, WaybillError } from "@waybill/core";
import type { Item } from "../item.ts";
import { noFaults } from "./faults.ts";
import { judge } from "./judge.ts";
import { idOf, type Violation } from "./ledger.ts";
import { Member } from "./member.ts";
import type { Group, Move, Task } from "./scenario.ts";
import { type Subject, World } from "./world.ts";

/** What came of one seed. */
export interface Run {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** Everything that happened, a line each, the same each time. */
  readonly lines: readonly string[];
}

/** How long all has to come to rest once nothing goes wrong any more, ms of the simulated clock. */
const restMs = 600_000;
const pollMs = 25;
/** Until somebody takes the place of a member that a message has killed; shorter than any lease. */
const replaceMs = 10;

/** Plays what the seed stands for through core and the adapter, and judges it. The same seed gives the same run, byte for byte. */
export async function simulate(subject: Subject, seed: number): Promise<Run> {
  const world = new World(subject, seed);
  const { ledger, scenario, timeline } = world;
  try {
    await timeline.drive(new Director(world).run());
    return { seed, violations: judge(ledger, scenario), lines: ledger.lines };
  } catch (error) {
    ledger.breach("LIF-3", error instanceof Error ? error.message : String(error));
    return { seed, violations: ledger.violations, lines: ledger.lines };
  }
}

/** Makes happen what the scenario says. */
class Director {
  readonly #world: World;
  readonly #members: Member[] = [];
  readonly #leaving: Promise<void>[] = [];
  readonly #joining: Promise<void>[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  async run(): Promise<void> {
    const { scenario, timeline } = this.#world;
    const { bus } = await this.#world.process("admin");
    const inboxes = scenario.groups.map((group) => this.#world.inbox(bus, group));
    await Promise.all([...inboxes, bus.inbox(this.#world.effects)].map((inbox) => inbox.stats()));
    for (const group of scenario.groups) {
      for (let count = 0; count < scenario.members; count += 1) await this.#join(group);
    }
    this.#world.afflict(scenario.faults);
    const published = [0, 1].map((publisher) => this.#publish(publisher));
    const moved = scenario.moves.map((move) => timeline.sleep(move.at).then(() => this.#make(move, bus)));
    await timeline.sleep(scenario.healAt);
    this.#world.afflict(noFaults);
    this.#world.ledger.note("all is well from now on");
    await Promise.all([...moved, ...published]);
    await this.#rest(bus, inboxes);
  }

  async #join(group: Group): Promise<void> {
    const { timeline } = this.#world;
    const died = (): void => void this.#joining.push(timeline.sleep(replaceMs).then(() => this.#join(group)));
    this.#members.push(await Member.start(this.#world, { group, died }));
  }

  async #publish(publisher: number): Promise<void> {
    const { scenario, timeline } = this.#world;
    const { bus } = await this.#world.process("publisher");
    const began = timeline.now();
    const tasks = scenario.tasks.filter((task) => task.publisher === publisher);
    await Promise.all(
      tasks.map((task) => timeline.sleep(began + task.at - timeline.now()).then(() => this.#publishOne(bus, task))),
    );
    await bus.close();
  }

  async #publishOne(bus: Bus, task: Task): Promise<void> {
    const { ledger, source, timeline } = this.#world;
    const { n, key, delayMs } = task;
    const deliverAt = delayMs === undefined ? undefined : timeline.now() + delayMs;
    ledger.invoked(task, deliverAt);
    const options: PublishOptions = { id: idOf(n), ...(deliverAt !== undefined && { deliverAt }) };
    try {
      await bus.producer(source).publish({ n, key }, options);
      ledger.published(n, "ok");
    } catch (error) {
      ledger.published(n, error instanceof WaybillError && error.code === "OUTCOME_UNKNOWN" ? "unknown" : "fail");
    }
  }

  async #make({ what, group: index, ms }: Move, bus: Bus): Promise<void> {
    const group = this.#world.scenario.groups[index];
    if (group === undefined) return;
    if (what === "join") return this.#join(group);
    if (what === "redrive") return this.#redrive(bus, group);
    const member = this.#world.dice.pick(this.#members.filter((one) => one.group === group && one.free));
    if (what === "leave" && member !== undefined) this.#leaving.push(member.leave(ms));
    else if (what !== "leave") await member?.[what](ms);
  }

  async #redrive(bus: Bus, group: Group): Promise<void> {
    await this.#world.inbox(bus, group).deadLetters.redrive(({ data }) => {
      const { n } = data as Item;
      // A killer would kill ten more.
      if (this.#world.task(n).kills) return false;
      this.#world.ledger.redriven(group.name, n);
      return true;
    });
  }

  /** With a member for each group everything is handled; then the dead and the effects are counted. */
  async #rest(bus: Bus, inboxes: readonly InboxHandle[]): Promise<void> {
    const { scenario, ledger, effects } = this.#world;
    for (const group of scenario.groups) await this.#join(group);
    for (const inbox of inboxes) await this.#drained(inbox);
    for (const [index, inbox] of inboxes.entries()) {
      const group = scenario.groups[index];
      for await (const { data, attempts } of inbox.deadLetters.list()) {
        if (group !== undefined) ledger.dead(group, this.#world.task((data as Item).n), attempts);
      }
    }
    await bus.work(effects, { concurrency: 100 }, ({ data }) => ledger.effect(data.text ?? "", data.n));
    await this.#drained(bus.inbox(effects));
    await Promise.all([...this.#leaving, ...this.#joining]);
    await Promise.all(this.#members.filter(({ free }) => free).map((member) => member.leave(0)));
    await bus.close();
  }

  async #drained(inbox: InboxHandle): Promise<void> {
    const { timeline, ledger } = this.#world;
    const until = timeline.now() + restMs;
    for (;;) {
      const { ready, inFlight, delayed } = await inbox.stats();
      if ((ready ?? 0) + (inFlight ?? 0) + (delayed ?? 0) === 0) return;
      if (timeline.now() > until) {
        ledger.breach(
          "LIF-3",
          `${inbox.group}: ${ready} ready, ${inFlight} in flight and ${delayed} delayed are never handled`,
        );
        return;
      }
      await timeline.sleep(pollMs);
    }
  }
}
