import type { Broker } from "./broker.ts";
import { freePort } from "./free-port.ts";
import { offset } from "./servers/kafka.ts";
import { startBroker } from "./start-broker.ts";

/** A Kafka cluster for a test. */
export interface KafkaCluster extends AsyncDisposable {
  /** What `connect` of Waybill takes: all nodes. */
  readonly url: string;
  /** Each with its URL and controls; a node that is restarted joins again. The first has the id 1. */
  readonly nodes: readonly Broker[];
  /** Ends all nodes and removes their data. */
  stop(): Promise<void>;
}

export interface KafkaClusterOptions {
  /** How many nodes, each broker and controller. Default 3. */
  readonly nodes?: number | undefined;
  /** Further settings of every node, which win. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** What the brokers keep for themselves has a copy on each of them. */
const copied = ["offsets.topic", "transaction.state.log", "share.coordinator.state.topic"];

/**
 * Starts the nodes of a Kafka cluster as processes of this machine. Resolves when each of them answers.
 * @throws NoBrokerError where there is no server on this machine
 */
export async function startKafkaCluster({
  nodes: count = 3,
  settings,
}: KafkaClusterOptions = {}): Promise<KafkaCluster> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort(Object.values(offset)));
  const voters = ports.map((port, index) => `${index + 1}@127.0.0.1:${port + offset.controller}`).join(",");
  const starting = ports.map((port, index) =>
    startBroker("kafka", {
      sources: ["native"],
      port,
      settings: {
        "node.id": `${index + 1}`,
        "controller.quorum.voters": voters,
        ...Object.fromEntries(copied.map((topic) => [`${topic}.replication.factor`, `${count}`])),
        ...settings,
      },
    }),
  );
  const stop = async (): Promise<void> => {
    await Promise.allSettled(starting.map(async (node) => (await node).stop())); // one that did not start is gone
  };
  try {
    const nodes = await Promise.all(starting);
    return {
      url: `kafka://${nodes.map(({ url }) => new URL(url).host).join(",")}`,
      nodes,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
