import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Crew, Member, Watcher } from "./crew.ts";
import type { Report } from "./reports.ts";
import type { Task } from "./service.ts";

/** How long a service may take to stop before it is killed. */
const patienceMs = 10_000;

/** Runs each service in an operating system process of its own. */
export class Processes implements Crew {
  readonly #watcher: Watcher;
  readonly #members: ProcessMember[] = [];

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
  }

  async start(task: Task): Promise<Member> {
    const stdin = task.role === "orders" ? "inherit" : "ignore";
    const child = fork(new URL("./child.js", import.meta.url), [JSON.stringify(task)], {
      stdio: [stdin, "pipe", "pipe", "ipc"],
    });
    const member = new ProcessMember(task.name, child, this.#watcher);
    this.#members.push(member);
    await member.ready;
    return member;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()));
  }
}

class ProcessMember implements Member {
  readonly name: string;
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #wanted = false;

  constructor(name: string, child: ChildProcess, watcher: Watcher) {
    this.name = name;
    this.#child = child;
    // `close` comes after the last line of output, `disconnect` after the last report.
    this.#ended = Promise.all([once(child, "close"), once(child, "disconnect")]).then(() => undefined);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    promise.catch(() => undefined);
    child.on("message", (reports: readonly Report[]) => {
      if (reports.some(({ kind }) => kind === "ready")) resolve();
      watcher.heard(name, reports);
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface(stream).on("line", (line) => watcher.wrote(name, line));
    }
    child.once("close", (code, signal) => {
      const error = new Error(`${name} (process ${child.pid}) has ended with ${signal ?? `code ${code}`}`);
      reject(error);
      if (code !== 0 && !this.#wanted) watcher.failed(error);
    });
  }

  async stop(): Promise<void> {
    this.#wanted = true;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), patienceMs);
    await this.#ended;
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    this.#wanted = true;
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
