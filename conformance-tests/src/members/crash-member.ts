import type { Bus } from "@waybill/core";
import type { Bench } from "../bench.ts";
import type { Item, Outline } from "../item.ts";
import type { Handling } from "../recorder.ts";
import type { Actor } from "./actor.ts";
import { actorOf } from "./actors.ts";
import { MemberLog } from "./log.ts";
import type { Block, End, Hear, Member, MemberSpec } from "./member.ts";

export interface Hired {
  readonly spec: MemberSpec;
  readonly hear?: Hear | undefined;
}

/** A member in this process, whose death is played by its transport's crash. */
export class CrashMember implements Member {
  readonly #bench: Bench;
  readonly #bus: Bus;
  readonly #actor: Actor;
  readonly #log: MemberLog;
  #alive = true;

  private constructor(bench: Bench, bus: Bus, { spec, hear }: Hired) {
    this.#bench = bench;
    this.#bus = bus;
    this.#log = new MemberLog(hear);
    const tell = async (event: Parameters<MemberLog["hear"]>[0]): Promise<void> => {
      if (this.#alive) this.#log.hear(event);
    };
    this.#actor = actorOf({ bus, spec, tell, exit: () => void this.kill() });
  }

  static async start(bench: Bench, hired: Hired): Promise<CrashMember> {
    const member = new CrashMember(bench, await bench.connect({ url: hired.spec.url }), hired);
    await member.#actor.start();
    return member;
  }

  get group(): string {
    return this.#log.group;
  }

  get began(): readonly Handling[] {
    return this.#log.began;
  }

  get ends(): readonly End[] {
    return this.#log.ends;
  }

  get done(): readonly number[] {
    return this.#log.done;
  }

  get aborted(): readonly number[] {
    return this.#log.aborted;
  }

  get alive(): boolean {
    return this.#alive;
  }

  go(): void {
    void this.#actor.obey({ kind: "go" });
  }

  give(block: Block): void {
    void this.#actor.obey({ kind: "block", block });
  }

  async publish(to: Outline, item: Item): Promise<void> {
    const { ref, confirmed } = this.#log.expectPublished();
    await this.#actor.obey({ kind: "publish", ref, to, item });
    await confirmed;
  }

  kill(): Promise<void> {
    if (this.#alive) this.#bench.afflict(this.#bus, "crash");
    this.#alive = false;
    return Promise.resolve();
  }

  freeze(): void {
    this.#bench.afflict(this.#bus, "freeze");
  }

  thaw(): void {
    this.#bench.afflict(this.#bus, "thaw");
  }

  async close(): Promise<void> {
    await this.#actor.obey({ kind: "close" });
    this.#alive = false;
  }

  dispose(): Promise<void> {
    return this.#bus.close({ grace: 0 });
  }
}
