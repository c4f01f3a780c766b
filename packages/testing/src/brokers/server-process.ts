import { type ChildProcess, spawn } from "node:child_process";
import { open } from "node:fs/promises";
import process from "node:process";
import { stopped } from "./stopped.ts";

/** What to start. The first of `command` is a program, found in the PATH unless it is a path. */
export interface Launch {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** The server's version, where the server itself does not tell it. */
  readonly version?: string | undefined;
  /** The server's tool of administration, which runs in the same environment. */
  readonly tool?: readonly string[] | undefined;
}

/** A process with all that it starts: one group, which is signalled as one. */
export class ServerProcess {
  /** Resolves when it has ended, with an error if it could not be started. */
  readonly ended: Promise<Error | undefined>;
  readonly #child: ChildProcess;
  #isRunning = true;

  /** Starts it; what it prints is added to the file `log`. */
  static async start({ command, env }: Launch, log: string): Promise<ServerProcess> {
    const output = await open(log, "a");
    try {
      const [program = "", ...args] = command;
      // Of a group of its own: a ctrl-C at the terminal must not reach it before the test has ended.
      const child = spawn(program, args, {
        detached: true,
        stdio: ["ignore", output.fd, output.fd],
        env: { ...process.env, ...env },
      });
      return new ServerProcess(child);
    } finally {
      await output.close();
    }
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.unref();
    this.ended = new Promise((resolve) => {
      child.once("exit", () => resolve(undefined));
      child.once("error", resolve);
    });
    void this.ended.then(() => (this.#isRunning = false));
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** The id of its process group; none if it could not be started. */
  get group(): number | undefined {
    return this.#child.pid;
  }

  /** Signals the whole group; without effect once it has ended. */
  signal(name: NodeJS.Signals): void {
    if (!this.#isRunning || this.group === undefined) return;
    try {
      process.kill(-this.group, name);
    } catch {
      // It has ended and this process has not heard of it yet.
    }
  }

  /** Lets it stand still; resolves when it does. */
  async pause(): Promise<void> {
    this.signal("SIGSTOP");
    if (this.group !== undefined) await stopped(this.group);
  }

  /** Asks it to end, kills it after `graceMs`, and resolves when it has ended. */
  async end(graceMs: number): Promise<void> {
    this.#child.ref();
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), graceMs);
    await this.ended;
    clearTimeout(timer);
  }

  /** Kills it and resolves when it has ended. */
  async kill(): Promise<void> {
    this.#child.ref();
    this.signal("SIGKILL");
    await this.ended;
  }
}
