import { type Bus, type Consumer, fixed, type Message } from "@waybill/core";
import type { Item } from "../item.ts";
import type { Process } from "./process.ts";
import type { Group, Task } from "./scenario.ts";
import type { World } from "./world.ts";

/** A member of a group, in a process of its own. */
export class Member {
  readonly group: Group;
  readonly process: Process;
  /** Whether it can be chosen for what happens next. */
  free = true;
  readonly #world: World;
  readonly #bus: Bus;
  readonly #consumer: Consumer;

  /** Resolves once it takes messages. */
  static async start(world: World, group: Group): Promise<Member> {
    const { process, bus } = await world.process("member");
    const { concurrency, maxAttempts, retryMs, timeoutMs: timeout } = group;
    const options = { concurrency, timeout, retry: { maxAttempts, delay: fixed(retryMs) } };
    const handler = (message: Message<Item>): Promise<void> => handle(world, { group, process, message });
    const { source } = world;
    const consumer =
      source.kind === "queue"
        ? await bus.work(source, options, handler)
        : await bus.subscribe(
            source,
            { ...options, group: group.name, ...(!group.ordered && { ordered: false }) },
            handler,
          );
    world.ledger.note(`${group.name}: ${process.name} joins`);
    return new Member(world, { group, process, bus, consumer });
  }

  private constructor(
    world: World,
    {
      group,
      process,
      bus,
      consumer,
    }: { readonly group: Group; readonly process: Process; readonly bus: Bus; readonly consumer: Consumer },
  ) {
    this.#world = world;
    this.group = group;
    this.process = process;
    this.#bus = bus;
    this.#consumer = consumer;
  }

  crash(): void {
    this.free = false;
    this.#note("crashes");
    this.process.crash();
  }

  async freeze(ms: number): Promise<void> {
    this.free = false;
    this.#note("freezes");
    this.process.freeze();
    await this.#world.timeline.sleep(ms);
    this.#note("thaws");
    this.process.thaw();
    this.free = true;
  }

  async pause(ms: number): Promise<void> {
    this.#note("pauses");
    this.#consumer.pause();
    await this.#world.timeline.sleep(ms);
    this.#note("resumes");
    this.#consumer.resume();
  }

  async leave(graceMs: number): Promise<void> {
    this.free = false;
    this.#note(`leaves within ${graceMs}`);
    await this.#bus.close({ grace: graceMs });
    this.#note("has left");
  }

  #note(what: string): void {
    this.#world.ledger.note(`${this.group.name}: ${this.process.name} ${what}`);
  }
}

interface Handling {
  readonly group: Group;
  readonly process: Process;
  readonly message: Message<Item>;
}

async function handle(world: World, { group, process, message }: Handling): Promise<void> {
  const { ledger, effects } = world;
  const task = world.task(message.data.n);
  const end = ledger.began(group, task, message.attempt, process);
  try {
    await message.send(effects, { n: task.n, text: group.name });
    if (task.workMs > 0) await process.sleep(task.workMs);
    if (message.attempt <= task.flaws) await fail(task, group, process);
    ledger.done(group, task, process);
  } finally {
    end();
  }
}

/** What hangs ends at last, long after its time. */
async function fail({ hangs }: Task, { timeoutMs }: Group, process: Process): Promise<never> {
  if (hangs && timeoutMs !== undefined) await process.sleep(timeoutMs * 2);
  throw new Error("it fails, as planned");
}
