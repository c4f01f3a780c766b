import { randomUUID } from "node:crypto";
import process from "node:process";
import type * as Testcontainers from "testcontainers";
import type { Broker, BrokerKind, BrokerOptions } from "./broker.ts";
import { freePort } from "./free-port.ts";
import type { Server, ServerImage } from "./server.ts";
import { untilReady } from "./until-ready.ts";

const startMs = 60_000;
const graceSeconds = 10;
const linesOfLog = 20;

type Docker = Testcontainers.ContainerRuntimeClient;
type Container = ReturnType<Docker["container"]["getById"]>;

/** Starts a server in a container. A text says why there is none. */
export async function dockerBroker<Options extends BrokerOptions>(
  server: Server<Options>,
  options: Options,
): Promise<Broker | string> {
  const { container } = server;
  if (container?.suits(options) !== true) return "no container can be given these options";
  const library = await import("testcontainers").catch(() => undefined);
  if (library === undefined) return "testcontainers is not installed";
  const docker = await library.getContainerRuntimeClient().catch(() => undefined);
  if (docker === undefined) return "Docker does not run";
  const variable = process.env[`WAYBILL_TEST_${server.kind.toUpperCase()}_IMAGE`];
  const image = options.image ?? (variable === undefined || variable === "" ? container.image : variable);
  const trouble = await troubleWith(library, docker, image);
  if (trouble !== undefined) {
    process.stderr.write(`waybill: no ${server.kind} server by Docker: ${trouble}\n`);
    return trouble;
  }
  return start(library, docker, { ...server, container }, { ...options, image });
}

/** Why the image or what clears up after tests cannot be had. */
async function troubleWith(library: typeof Testcontainers, docker: Docker, image: string): Promise<string | undefined> {
  const name = library.ImageName.fromString(image);
  try {
    await docker.image.pull(name);
    if (!(await docker.image.exists(name))) return `the image ${image} cannot be pulled`;
  } catch {
    return `the image ${image} can neither be found nor pulled`;
  }
  return library.getReaper(docker).then(
    () => undefined,
    () => "Ryuk of testcontainers does not start; pull its image, or set TESTCONTAINERS_RYUK_DISABLED=true",
  );
}

async function start<Options extends BrokerOptions>(
  library: typeof Testcontainers,
  docker: Docker,
  server: Server<Options> & { readonly container: ServerImage<Options> },
  options: Options & { readonly image: string },
): Promise<Broker> {
  const port = options.port ?? (await freePort());
  const host = docker.info.containerRuntime.host.replace(/^localhost$/, "127.0.0.1");
  const url = server.urlOf({ host, port }, options);
  const { command = [], env = {}, files = {} } = server.container.settings({ host, port }, options);
  const name = `waybill-${server.kind}-${randomUUID()}`;
  const started = new library.GenericContainer(options.image)
    .withName(name)
    .withExposedPorts({ container: server.container.port, host: port }) // a fixed one stays the same when it is restarted
    .withCommand([...command])
    .withEnvironment(env)
    .withCopyContentToContainer(Object.entries(files).map(([target, content]) => ({ target, content })))
    .withWaitStrategy(noWait);
  const broker = new DockerBroker(server, url, docker.container.getById(name), docker);
  try {
    await broker.begin(() => started.start());
  } catch (error) {
    await broker.stop();
    throw error;
  }
  return broker;
}

/** Whether the server is ready is asked from outside, as it is of any other. */
const noWait: Testcontainers.WaitStrategy = {
  waitUntilReady: () => Promise.resolve(),
  withStartupTimeout: () => noWait,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => startMs,
};

class DockerBroker implements Broker {
  readonly source = "docker";
  readonly isPrivate = true;
  readonly kind: BrokerKind;
  readonly url: string;
  readonly #server: Server<never>;
  readonly #container: Container;
  readonly #docker: Docker;
  #version: string | undefined;
  #stopped: Promise<void> | undefined;

  constructor(server: Server<never>, url: string, container: Container, docker: Docker) {
    this.kind = server.kind;
    this.url = url;
    this.#server = server;
    this.#container = container;
    this.#docker = docker;
  }

  get version(): string | undefined {
    return this.#version;
  }

  async kill(): Promise<void> {
    await this.#expectRunning();
    const { beforeKill } = this.#server;
    // One that does not run well any more is killed all the same.
    if (beforeKill !== undefined) await this.administer(...beforeKill).catch(() => undefined);
    await this.#container.kill();
    await this.#container.wait();
  }

  async pause(): Promise<void> {
    await this.#expectRunning();
    await this.#container.pause();
  }

  async resume(): Promise<void> {
    await this.#expectRunning();
    await this.#container.unpause();
  }

  async restart(): Promise<void> {
    if (this.#stopped !== undefined) throw new Error(`the ${this.kind} server has been stopped; start another one`);
    const { Running, Paused } = (await this.#container.inspect()).State;
    if (Paused) await this.#container.unpause(); // it would not hear that it should end
    await this.begin(() => (Running ? this.#container.restart({ t: graceSeconds }) : this.#container.start()));
  }

  async administer(...args: readonly string[]): Promise<string> {
    const tool = this.#server.container?.tool;
    if (tool === undefined) throw new Error(`a ${this.kind} server has no tool of administration`);
    await this.#expectRunning();
    const { output, exitCode } = await this.#docker.container.exec(this.#container, [...tool, ...args]);
    if (exitCode !== 0) throw new Error(`${[...tool, ...args].join(" ")} ends with ${exitCode}: ${output}`);
    return output;
  }

  /** Resolves when the server answers that is started so. */
  async begin(start: () => Promise<unknown>): Promise<void> {
    let isRunning = true;
    const probe = async (): Promise<string> => {
      isRunning = (await this.#container.inspect()).State.Running;
      return this.#server.probe(this.url);
    };
    const check = (): void => {
      if (!isRunning) throw new Error("its container has ended");
    };
    try {
      await start();
      const version = await untilReady(probe, check, startMs);
      this.#version = version === "" ? undefined : version;
    } catch (cause) {
      throw new Error(`the ${this.kind} server did not start; its last lines:\n${await this.#log()}`, { cause });
    }
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#remove());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #expectRunning(): Promise<void> {
    if (this.#stopped === undefined && (await this.#container.inspect()).State.Running) return;
    throw new Error(`the ${this.kind} server does not run; restart it first`);
  }

  async #remove(): Promise<void> {
    await this.#container.remove({ force: true, v: true }).catch((error: unknown) => {
      if ((error as { readonly statusCode?: number }).statusCode !== 404) throw error; // it was never made
    });
  }

  async #log(): Promise<string> {
    const lines = await this.#container.logs({ stdout: true, stderr: true, tail: linesOfLog });
    return textOf(lines);
  }
}

/** Docker's log comes in pieces, each after its stream, three zeros and its length. */
function textOf(log: Buffer): string {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= log.length; at += 8 + log.readUInt32BE(at + 4)) {
    pieces.push(log.subarray(at + 8, at + 8 + log.readUInt32BE(at + 4)));
  }
  return Buffer.concat(pieces).toString("utf8").trimEnd();
}
