import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Item, Outline } from "../item.ts";
import type { Handling } from "../recorder.ts";
import { MemberLog } from "./log.ts";
import type { Block, End, Hear, Member, MemberEvent, MemberOrder, MemberSpec } from "./member.ts";

/** What a member in a process of its own needs to know. */
export interface ProcessSpec extends MemberSpec {
  readonly url: string;
  readonly namespace: string;
  readonly options: unknown;
  /** Where its adapter is imported from. */
  readonly module: string;
  readonly mutant: string | undefined;
}

/** A member that is a process, so that it can really be killed. */
export class ProcessMember implements Member {
  readonly #child: ChildProcess;
  readonly #log: MemberLog;
  readonly #exited: Promise<unknown>;
  #frozen = false;

  private constructor(spec: ProcessSpec, hear: Hear | undefined) {
    this.#log = new MemberLog(hear);
    const file = import.meta.url.endsWith(".ts") ? "./process.ts" : "./process.js";
    this.#child = fork(new URL(file, import.meta.url), [JSON.stringify(spec)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      execArgv: [],
    });
    this.#exited = once(this.#child, "exit");
    this.#child.on("message", (events) => {
      for (const event of events as readonly MemberEvent[]) this.#log.hear(event);
    });
    this.#child.on("error", () => undefined);
    void this.#exited.then(() => this.#log.hear({ kind: "failed", error: "it exited" }));
  }

  static async start(spec: ProcessSpec, hear?: Hear): Promise<ProcessMember> {
    const member = new ProcessMember(spec, hear);
    await member.#log.ready;
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
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  go(): void {
    this.#order({ kind: "go" });
  }

  give(block: Block): void {
    this.#order({ kind: "block", block });
  }

  publish(to: Outline, item: Item): Promise<void> {
    const { ref, confirmed } = this.#log.expectPublished();
    this.#order({ kind: "publish", ref, to, item });
    return confirmed;
  }

  async kill(): Promise<void> {
    if (this.alive) this.#child.kill("SIGKILL");
    await this.#exited;
  }

  freeze(): void {
    this.#child.kill("SIGSTOP");
    this.#frozen = true;
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
    this.#frozen = false;
  }

  async close(): Promise<void> {
    this.#order({ kind: "close" });
    await this.#exited;
  }

  async dispose(): Promise<void> {
    if (this.#frozen) this.thaw();
    await this.kill();
  }

  #order(order: MemberOrder): void {
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }
}
