import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Broker } from "./broker.ts";
import { freePort } from "./free-port.ts";
import { ServerProcess } from "./server-process.ts";
import { nodeNameOf, rabbitmq } from "./servers/rabbitmq.ts";
import { startBroker } from "./start-broker.ts";
import { untilReady } from "./until-ready.ts";
import { Watchdog } from "./watchdog.ts";

/** A RabbitMQ cluster for a test. */
export interface RabbitmqCluster extends AsyncDisposable {
  /** Each with its URL and controls; a node that is restarted joins again. */
  readonly nodes: readonly Broker[];
  /** Ends all nodes and removes their data. */
  stop(): Promise<void>;
}

export interface RabbitmqClusterOptions {
  /** How many nodes. Default 3. */
  readonly nodes?: number | undefined;
  /** Further lines of every node's rabbitmq.conf. */
  readonly config?: readonly string[] | undefined;
  /** The script rabbitmq-server, as for `startBroker`. */
  readonly command?: readonly string[] | undefined;
}

const readyMs = 60_000;

/**
 * Starts the nodes of a RabbitMQ cluster as processes of this machine. Resolves when each of them knows all.
 * @throws NoBrokerError where there is no server on this machine
 */
export async function startRabbitmqCluster(options: RabbitmqClusterOptions = {}): Promise<RabbitmqCluster> {
  const { nodes: count = 3, config = [], command } = options;
  const home = await mkdtemp(join(tmpdir(), "waybill-rabbitmq-cluster-"));
  await writeFile(join(home, ".erlang.cookie"), randomBytes(16).toString("hex"), { mode: 0o400 });
  const [epmdPort = 0, ...ports] = await freePorts(count + 1);
  const names = ports.map((port, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${nodeNameOf(port)}`);
  const formation = ["cluster_formation.peer_discovery_backend = classic_config", ...names];
  const stopEpmd = await startEpmd(command, epmdPort, home);
  const env = { HOME: home, ERL_EPMD_PORT: `${epmdPort}` };
  const starting = ports.map((port) =>
    startBroker("rabbitmq", { sources: ["native"], port, command, env, config: [...formation, ...config] }),
  );
  const stop = async (): Promise<void> => {
    await Promise.allSettled(starting.map(async (node) => (await node).stop())); // one that did not start is gone
    await stopEpmd();
  };
  try {
    const nodes = await Promise.all(starting);
    await Promise.all(nodes.map((node) => whole(node, count)));
    return { nodes, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let index = 0; index < count; index += 1) ports.push(await freePort(rabbitmq.native.offsets));
  return ports;
}

/** The daemon that knows the nodes outlives each of them, and goes with this process. */
async function startEpmd(command: readonly string[] = [], port: number, home: string): Promise<() => Promise<void>> {
  const epmd = [...command.slice(0, -1), "epmd", "-port", `${port}`, "-address", "127.0.0.1"];
  const daemon = await ServerProcess.start({ command: epmd }, join(home, "epmd.log"));
  const watchdog = new Watchdog(home);
  watchdog.guard(daemon.group);
  return async () => {
    await daemon.kill();
    await rm(home, { recursive: true, force: true });
    watchdog.end();
  };
}

/** Resolves when a node sees so many that run. */
async function whole(node: Broker, count: number): Promise<void> {
  const look = async (): Promise<void> => {
    const status: unknown = JSON.parse(await node.administer("cluster_status", "--formatter", "json"));
    const { running_nodes: running } = status as { readonly running_nodes: readonly string[] };
    if (running.length !== count) throw new Error(`of ${count} nodes run together: ${running.join(", ")}`);
  };
  await untilReady(look, () => undefined, readyMs);
}
