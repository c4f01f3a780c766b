import type { Broker } from "./broker.ts";
import { askRedis } from "./redis-link.ts";
import { startBroker } from "./start-broker.ts";
import { untilReady } from "./until-ready.ts";

/** A Redis Cluster for a test: masters that share all slots. */
export interface RedisCluster extends AsyncDisposable {
  /** Each with its URL and controls; a node that is restarted joins again. */
  readonly nodes: readonly Broker[];
  /** Ends all nodes and removes their data. */
  stop(): Promise<void>;
}

export interface RedisClusterOptions {
  /** How many masters, from 3 on. Default 3. */
  readonly masters?: number | undefined;
  /** Further arguments of every node. */
  readonly args?: readonly string[] | undefined;
  /** The program, as for `startBroker`. */
  readonly command?: readonly string[] | undefined;
}

const slots = 16_384;
const readyMs = 30_000;
/** A node that is away for so long is taken for dead by the others. */
const clustered = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];

/**
 * Starts the masters of a Redis Cluster as processes of this machine. Resolves when every one of them knows all and takes commands.
 * @throws NoBrokerError where there is no server on this machine
 */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { masters = 3, args = [], command } = options;
  const nodes: Broker[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    for (let index = 0; index < masters; index += 1) {
      nodes.push(await startBroker("redis", { sources: ["native"], command, args: [...clustered, ...args] }));
    }
    await join(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, stop, [Symbol.asyncDispose]: stop };
}

async function join(nodes: readonly Broker[]): Promise<void> {
  const [first, ...others] = nodes.map(({ url }) => url);
  if (first === undefined) throw new TypeError("a cluster of 0 masters; give 3 or more");
  for (const [index, { url }] of nodes.entries())
    await askRedis(url, [["CLUSTER", "ADDSLOTS", ...share(index, nodes.length)]]);
  await askRedis(
    first,
    others.map((url) => ["CLUSTER", "MEET", "127.0.0.1", new URL(url).port]),
  );
  await Promise.all(
    nodes.map(({ url }) =>
      untilReady(
        () => expectWhole(url, nodes.length),
        () => undefined,
        readyMs,
      ),
    ),
  );
}

function share(index: number, count: number): readonly string[] {
  const from = Math.floor((index * slots) / count);
  const to = Math.floor(((index + 1) * slots) / count);
  return Array.from({ length: to - from }, (_, offset) => String(from + offset));
}

async function expectWhole(url: string, count: number): Promise<void> {
  const [info = ""] = await askRedis(url, [["CLUSTER", "INFO"]]);
  const isWhole = ["cluster_state:ok", `cluster_known_nodes:${count}`, `cluster_slots_ok:${slots}`].every((line) =>
    info.includes(line),
  );
  if (!isWhole) throw new Error(`the cluster is not whole yet: ${info}`);
}
