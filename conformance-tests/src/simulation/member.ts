import { type Bus, type Consumer, fixed, type Message, type SubscribeOptions } from "@waybill/core";
import type { Item } from "../item.ts";
import type { Process } from "./process.ts";
import type { Group, Task } from "./scenario.ts";
import type { World } from "./world.ts";

export interface MemberOptions {
  readonly group: Group;
  /** Called when a message has killed it. */
  readonly died: () => void;
}

/** A member of a group, in a process of its own. */
export class Member {
  readonly group: Group;
  /** Whether it can be chosen for what happens next. */
  free = true;
  readonly #world: World;
  readonly #died: () => void;
  readonly #process: Process;
  readonly #bus: Bus;
  readonly #dead = Promise.withResolvers<void>();
  #consumer: Consumer | undefined;

  /** Resolves once it takes messages. */
  static async start(world: World, options: MemberOptions): Promise<Member> {
    const member = new Member(world, options, await world.process("member"));
    await member.#join();
    return member;
  }

  private constructor(
    world: World,
    { group, died }: MemberOptions,
    { process, bus }: { readonly process: Process; readonly bus: Bus },
  ) {
    this.#world = world;
    this.group = group;
    this.#died = died;
    this.#process = process;
    this.#bus = bus;
  }

  crash(): void {
    this.free = false;
    this.#note("crashes");
    this.#process.crash();
    this.#dead.resolve();
  }

  async freeze(ms: number): Promise<void> {
    this.free = false;
    this.#note("freezes");
    this.#process.freeze();
    await this.#world.timeline.sleep(ms);
    this.#note("thaws");
    this.#process.thaw();
    this.free = true;
  }

  async pause(ms: number): Promise<void> {
    this.#note("pauses");
    this.#consumer?.pause();
    await this.#world.timeline.sleep(ms);
    this.#note("resumes");
    this.#consumer?.resume();
  }

  async leave(graceMs: number): Promise<void> {
    this.free = false;
    this.#note(`leaves within ${graceMs}`);
    await Promise.race([this.#bus.close({ grace: graceMs }), this.#dead.promise]);
    if (!this.#process.crashed) this.#note("has left");
  }

  async #join(): Promise<void> {
    const { source } = this.#world;
    const { name: group, concurrency, maxAttempts, retryMs, timeoutMs: timeout, once, ordered } = this.group;
    const options: SubscribeOptions = {
      group,
      concurrency,
      timeout,
      ...(once ? { delivery: "at-most-once" } : { retry: { maxAttempts, delay: fixed(retryMs) } }),
      ...(!ordered && { ordered: false }),
    };
    const handler = (message: Message<Item>): Promise<void> => this.#handle(message);
    const from = this.group.byPattern ? this.#world.pattern : source;
    this.#consumer =
      from.kind === "queue"
        ? await this.#bus.work(from, options, handler)
        : await this.#bus.subscribe(from, options, handler);
    this.#note("joins");
  }

  async #handle(message: Message<Item>): Promise<void> {
    const { ledger, effects } = this.#world;
    const task = this.#world.task(message.data.n);
    const end = ledger.began(this.group, task, message.attempt, this.#process);
    try {
      await message.send(effects, { n: task.n, text: this.group.name });
      if (task.workMs > 0) await this.#process.sleep(task.workMs);
      if (task.kills) return await this.#die();
      if (message.attempt <= task.flaws) await this.#fail(task);
      ledger.done(this.group, task, this.#process);
    } finally {
      end();
    }
  }

  #die(): Promise<never> {
    if (!this.#process.crashed) {
      this.crash();
      this.#died();
    }
    return new Promise(() => undefined);
  }

  /** What hangs ends at last, long after its time. */
  async #fail({ hangs }: Task): Promise<never> {
    const { timeoutMs } = this.group;
    if (hangs && timeoutMs !== undefined) await this.#process.sleep(timeoutMs * 2);
    throw new Error("it fails, as planned");
  }

  #note(what: string): void {
    this.#world.ledger.note(`${this.group.name}: ${this.#process.name} ${what}`);
  }
}
