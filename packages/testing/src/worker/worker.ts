import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import type { Duplex } from "node:stream";
import { type Duration, milliseconds } from "@waybill/core";
import { Log, type WaitOptions } from "../spy/log.ts";

export interface WorkerOptions {
  /** What the module finds in `process.argv` from the third on. */
  readonly args?: readonly string[] | undefined;
  /** Beside the variables of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** How a process has ended: by itself, with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of its own, to which happens what happens to processes. Disposing of it kills it. */
export interface Worker extends AsyncDisposable {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** All that it has told with `process.send`. */
  readonly messages: readonly unknown[];
  /** The first message that fits, be it there or to come; rejects with an `AssertionError` after 5 seconds, or `within`. */
  message(fits: (message: unknown) => boolean, options?: WaitOptions): Promise<unknown>;
  /** Tells it something, which it gets as a `message` of its `process`. */
  send(message: unknown): void;
  /** SIGKILL: it does nothing more, not even clean up. Resolves when it is gone. */
  kill(): Promise<Exit>;
  /** SIGSTOP: it stands still, and nobody is told. */
  pause(): void;
  /** SIGCONT: it goes on as if no time had passed. */
  resume(): void;
  /** Its event loop does nothing else for so long: no timer, no socket, no renewal of a lease. Resolves when it is over. */
  block(duration: Duration): Promise<void>;
}

/**
 * Runs a module as a process. Resolves when the process runs, which is before the module has done anything: let it send a
 * message when it is ready, and wait for that.
 */
export async function startWorker(module: string | URL, options: WorkerOptions = {}): Promise<Worker> {
  const worker = new ForkedWorker(module, options);
  await worker.started;
  return worker;
}

/** Where in the child a request to block comes in, after stdin, stdout, stderr and the messages. */
const blockFd = 4;

class ForkedWorker implements Worker {
  readonly started: Promise<unknown>;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #messages = new Log<unknown>();
  readonly #blocks: Duplex;
  #isPaused = false;

  constructor(module: string | URL, { args = [], env }: WorkerOptions) {
    const blocker = new URL(import.meta.url.endsWith(".ts") ? "./blocker.ts" : "./blocker.js", import.meta.url);
    this.#child = fork(module, [...args], {
      stdio: ["ignore", "inherit", "inherit", "ipc", "pipe"],
      execArgv: ["--import", blocker.href],
      env: { ...process.env, ...env },
      serialization: "advanced",
    });
    this.started = once(this.#child, "spawn");
    this.exited = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    this.#child.on("message", (message) => this.#messages.add(message));
    this.#blocks = this.#child.stdio[blockFd] as Duplex;
    this.#blocks.on("error", () => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get messages(): readonly unknown[] {
    return this.#messages.entries;
  }

  message(fits: (message: unknown) => boolean, options: WaitOptions = {}): Promise<unknown> {
    const failure = (ms: number): string =>
      `the worker told nothing as wished within ${ms} ms; it told: ${JSON.stringify(this.messages)}`;
    return this.#messages.first({ fits, failure }, options);
  }

  send(message: unknown): void {
    if (this.#child.connected) this.#child.send(message as object, () => undefined);
  }

  async kill(): Promise<Exit> {
    this.#child.kill("SIGKILL");
    return this.exited;
  }

  pause(): void {
    this.#child.kill("SIGSTOP");
    this.#isPaused = true;
  }

  resume(): void {
    this.#child.kill("SIGCONT");
    this.#isPaused = false;
  }

  async block(duration: Duration): Promise<void> {
    const ms = milliseconds(duration, "duration");
    const over = Promise.race([once(this.#blocks, "data"), this.exited]);
    this.#blocks.write(`${ms}\n`);
    await over;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isPaused) this.resume();
    await this.kill();
  }
}
