import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import type { Broker, BrokerKind, BrokerOptions } from "./broker.ts";
import { freePort } from "./free-port.ts";
import { cache } from "./install.ts";
import { alone } from "./lock.ts";
import { type Launch, ServerProcess } from "./server-process.ts";
import type { Server } from "./server.ts";
import { untilReady } from "./until-ready.ts";
import { Watchdog } from "./watchdog.ts";

const startMs = 60_000;
const graceMs = 10_000;
const linesOfLog = 20;

/** Starts a server of this machine, which is installed first where CI=true. A text says why there is none. */
export async function nativeBroker<Options extends BrokerOptions>(
  server: Server<Options>,
  options: Options,
): Promise<Broker | string> {
  const prepare = (await server.native.find(options)) ?? (await installed(server, options));
  if (prepare === undefined) return "none is on this machine";
  const directory = await mkdtemp(join(tmpdir(), `waybill-${server.kind}-`));
  const data = join(directory, "data");
  await mkdir(data);
  const port = options.port ?? (await freePort(server.native.offsets));
  const url = server.urlOf({ host: "127.0.0.1", port }, options);
  const broker = new NativeBroker(server, url, directory, await prepare(data, port));
  try {
    await broker.restart();
  } catch (error) {
    await broker.stop();
    throw error;
  }
  return broker;
}

async function installed<Options extends BrokerOptions>(
  server: Server<Options>,
  options: Options,
): ReturnType<Server<Options>["native"]["find"]> {
  if (process.env["CI"] !== "true") return undefined;
  return alone(join(cache, "lock"), async () => {
    const found = await server.native.find(options);
    if (found !== undefined) return found;
    process.stderr.write(`waybill: installing a ${server.kind} server for the tests\n`);
    await server.native.install(options);
    return server.native.find(options);
  });
}

class NativeBroker implements Broker {
  readonly source = "native";
  readonly isPrivate = true;
  readonly kind: BrokerKind;
  readonly url: string;
  readonly #server: Server<never>;
  readonly #directory: string;
  readonly #launch: Launch;
  readonly #watchdog: Watchdog;
  #process: ServerProcess | undefined;
  #version: string | undefined;
  #isPaused = false;
  #isStopped = false;

  constructor(server: Server<never>, url: string, directory: string, launch: Launch) {
    this.kind = server.kind;
    this.url = url;
    this.#server = server;
    this.#directory = directory;
    this.#launch = launch;
    this.#watchdog = new Watchdog(directory);
  }

  get version(): string | undefined {
    return this.#version;
  }

  async kill(): Promise<void> {
    const running = this.#running;
    const { beforeKill } = this.#server;
    // One that does not run well any more is killed all the same.
    if (beforeKill !== undefined && !this.#isPaused) await this.administer(...beforeKill).catch(() => undefined);
    await running.kill();
  }

  async pause(): Promise<void> {
    await this.#running.pause();
    this.#isPaused = true;
  }

  async resume(): Promise<void> {
    this.#running.signal("SIGCONT");
    this.#isPaused = false;
  }

  async restart(): Promise<void> {
    if (this.#isStopped) throw new Error(`the ${this.kind} server has been stopped; start another one`);
    if (this.#process?.isRunning === true) {
      this.#process.signal("SIGCONT"); // a paused one would not hear that it should end
      await this.#process.end(graceMs);
    }
    const started = await ServerProcess.start(this.#launch, this.#log);
    this.#process = started;
    this.#isPaused = false;
    this.#watchdog.guard(started.group);
    void started.ended.then(() => {
      if (this.#process === started && !this.#isStopped) this.#watchdog.guard(undefined);
    });
    this.#version = await this.#ready(started);
  }

  async administer(...args: readonly string[]): Promise<string> {
    const { tool, env } = this.#launch;
    if (tool === undefined) throw new Error(`a ${this.kind} server has no tool of administration`);
    const [program = "", ...first] = tool;
    const { stdout } = await promisify(execFile)(program, [...first, ...args], { env: { ...process.env, ...env } });
    return stdout;
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.#process?.kill();
    // Processes that its leader has started may end a little later, and write until then.
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 10 });
    this.#watchdog.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  get #running(): ServerProcess {
    if (this.#process?.isRunning === true) return this.#process;
    throw new Error(`the ${this.kind} server does not run; restart it first`);
  }

  get #log(): string {
    return join(this.#directory, "log");
  }

  async #ready(started: ServerProcess): Promise<string | undefined> {
    const check = (): void => {
      if (!started.isRunning) throw new Error(`${this.#launch.command[0]} has ended before it answered`);
    };
    try {
      const version = await untilReady(() => this.#server.probe(this.url), check, startMs);
      return version === "" ? this.#launch.version : version;
    } catch (cause) {
      const lines = (await readFile(this.#log, "utf8")).trimEnd().split("\n").slice(-linesOfLog);
      throw new Error(`the ${this.kind} server did not start; its last lines:\n${lines.join("\n")}`, { cause });
    }
  }
}
