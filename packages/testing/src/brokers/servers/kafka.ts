import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { exchange } from "../exchange.ts";
import { type FoundJavaServer, type JavaServer, findJavaServer, installJars } from "./java.ts";
import type { Server } from "../server.ts";
import type { Launch } from "../server-process.ts";

const newest = "4.3.1";
const jars = (): JavaServer => ({
  name: `kafka-${newest}`,
  artifacts: [`org.apache.kafka:kafka_2.13:${newest}`, "org.apache.logging.log4j:log4j-slf4j-impl:2.25.1"],
  homes: [process.env["KAFKA_HOME"], "/opt/kafka", "/usr/local/kafka", "/opt/homebrew/opt/kafka/libexec"],
});
const clusterId = "WaybillTestCluster0000";

export const kafka: Server = {
  kind: "kafka",
  hint: "install Kafka 4 and set KAFKA_HOME, start Docker (with `npm i -D testcontainers`) or set WAYBILL_TEST_KAFKA_URL",

  suitsAny: ({ port }) => port === undefined,
  urlOf: ({ host, port }) => `kafka://${host}:${port}`,

  /** Asks one broker for ApiVersions, version 0, to which every one answers. None tells its version. */
  async probe(url) {
    const { hostname, port } = new URL(url.replace(/,[^/]*/, ""));
    const request = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);
    const isWhole = (bytes: Buffer): boolean => bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE();
    const answer = await exchange(connect(Number(port || 9092), hostname), request, isWhole);
    if (answer.readInt16BE(8) !== 0) throw new Error(`the broker answers with error ${answer.readInt16BE(8)}`);
    return "";
  },

  container: {
    image: "apache/kafka:4.1.0",
    port: 9092,
    suits: () => true,
    settings: ({ host, port }) => ({
      env: environmentOf({
        ...oneNode,
        // The broker speaks to itself, too, and not over the host's port.
        listeners: "PLAINTEXT://localhost:29092,CONTROLLER://localhost:29093,HOST://0.0.0.0:9092",
        "advertised.listeners": `PLAINTEXT://localhost:29092,HOST://${host}:${port}`,
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,HOST:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.quorum.voters": "1@localhost:29093", // the image formats its storage for nothing else
      }),
    }),
  },

  native: {
    offsets: [1],
    async find() {
      const found = await findJavaServer(jars());
      return found && ((directory, port) => prepare(found, directory, port));
    },
    install: () => installJars(jars()),
  },
};

/** It is broker and controller, and its own topics have one copy. */
const oneNode: Readonly<Record<string, string>> = {
  "process.roles": "broker,controller",
  "node.id": "1",
  "controller.listener.names": "CONTROLLER",
  "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
  "offsets.topic.replication.factor": "1",
  "offsets.topic.num.partitions": "4",
  "transaction.state.log.replication.factor": "1",
  "transaction.state.log.min.isr": "1",
  "transaction.state.log.num.partitions": "4",
  "share.coordinator.state.topic.replication.factor": "1",
  "share.coordinator.state.topic.min.isr": "1",
  "share.coordinator.state.topic.num.partitions": "4",
  "group.initial.rebalance.delay.ms": "0",
  // So that a test need not wait long for a member that died.
  "group.min.session.timeout.ms": "500",
  // A broker that was killed is let in again when the session that it had is over.
  "broker.session.timeout.ms": "3000",
  "broker.heartbeat.interval.ms": "500",
  "auto.create.topics.enable": "false",
};

/** The image takes each setting as a variable. */
function environmentOf(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`KAFKA_${name.toUpperCase().replaceAll(".", "_")}`, value]),
  );
}

async function prepare({ java, version }: FoundJavaServer, directory: string, port: number): Promise<Launch> {
  const settings = {
    ...oneNode,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.quorum.bootstrap.servers": `127.0.0.1:${port + 1}`,
    "log.dirs": join(directory, "log"),
  };
  const file = join(directory, "server.properties");
  await mkdir(join(directory, "log"));
  await writeFile(
    file,
    Object.entries(settings).map(([name, value]) => `${name}=${value}\n`),
  );
  const [program = "", ...args] = java;
  const format = ["kafka.tools.StorageTool", "format", "--standalone", "-t", clusterId, "-c", file];
  await promisify(execFile)(program, [...args, ...format]);
  return { command: [...java, "kafka.Kafka", file], version };
}
