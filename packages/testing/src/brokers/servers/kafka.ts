import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import type { BrokerOptions } from "../broker.ts";
import { exchange } from "../exchange.ts";
import { type FoundJavaServer, findJavaServer, installJars } from "./java.ts";
import { kafkaJars } from "./kafka-jars.ts";
import type { Server } from "../server.ts";
import type { Launch } from "../server-process.ts";

export interface KafkaOptions extends BrokerOptions {
  /** Further settings of the broker, which win: `{ "message.max.bytes": "2000000" }`. Natively only, as all of these. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** Speak TLS alone, with these files. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Let nobody in but these, by their passwords: by PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** Another version of Kafka, from 3.0 on: `"3.9.1"`. Default: `WAYBILL_TEST_KAFKA_VERSION`, else the machine's own or the newest. */
  readonly version?: string | undefined;
}

const clusterId = "WaybillTestCluster0000";

/** How far from its port the others of a broker lie. */
export const offset = { controller: 1, internal: 2 };

export const kafka: Server<KafkaOptions> = {
  kind: "kafka",
  hint: "install Kafka 4 and set KAFKA_HOME, start Docker (with `npm i -D testcontainers`) or set WAYBILL_TEST_KAFKA_URL",

  suitsAny: (options) => options.port === undefined && isPlain(options),
  urlOf: ({ host, port }, { tls }) => `${tls === undefined ? "kafka" : "kafkas"}://${host}:${port}`,

  /** Asks one broker for ApiVersions, version 0, to which every one answers. None tells its version. */
  async probe(url) {
    const { protocol, hostname: host, port } = new URL(url.replace(/,[^/]*/, ""));
    const at = { host, port: Number(port || 9092) };
    const socket = protocol === "kafkas:" ? connectTls({ ...at, rejectUnauthorized: false }) : connect(at);
    const request = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);
    const isWhole = (bytes: Buffer): boolean => bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE();
    const answer = await exchange(socket, request, isWhole);
    if (answer.readInt16BE(8) !== 0) throw new Error(`the broker answers with error ${answer.readInt16BE(8)}`);
    return "";
  },

  container: {
    image: "apache/kafka:4.1.0",
    port: 9092,
    suits: isPlain,
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
    offsets: Object.values(offset),
    async find(options) {
      const found = await findJavaServer(kafkaJars(options.version));
      return found && ((directory, port) => prepare(found, options, directory, port));
    },
    install: (options) => installJars(kafkaJars(options.version)),
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

function isPlain({ settings, tls, users, version }: KafkaOptions): boolean {
  return [settings, tls, users, version].every((option) => option === undefined);
}

async function prepare(
  { java, version }: FoundJavaServer,
  options: KafkaOptions,
  directory: string,
  port: number,
): Promise<Launch> {
  const settings = {
    ...oneNode,
    // The broker speaks to itself, too, and in plain.
    listeners: `CLIENT://127.0.0.1:${port},PLAINTEXT://127.0.0.1:${port + offset.internal},CONTROLLER://127.0.0.1:${port + offset.controller}`,
    "advertised.listeners": `CLIENT://127.0.0.1:${port},PLAINTEXT://127.0.0.1:${port + offset.internal}`,
    "listener.security.protocol.map": `CLIENT:${protocolOf(options)},PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.quorum.voters": `1@127.0.0.1:${port + offset.controller}`,
    "log.dirs": join(directory, "log"),
    ...(await tlsSettings(options)),
    ...loginSettings(options),
    ...options.settings,
  };
  const file = join(directory, "server.properties");
  await mkdir(join(directory, "log"));
  await writeFile(
    file,
    Object.entries(settings).map(([name, value]) => `${name}=${value.replaceAll("\n", String.raw`\n`)}\n`),
  );
  const [program = "", ...args] = java;
  const format = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", file];
  await promisify(execFile)(program, [...args, ...format, ...scramUsers(options)]);
  // What lives for minutes is not worth the second compiler, which would take the processor from the tests.
  return { command: [program, "-XX:TieredStopAtLevel=1", ...args, "kafka.Kafka", file], version };
}

function protocolOf({ tls, users }: KafkaOptions): string {
  const transport = tls === undefined ? "PLAINTEXT" : "SSL";
  return users === undefined ? transport : `SASL_${transport}`;
}

async function tlsSettings({ tls }: KafkaOptions): Promise<Readonly<Record<string, string>>> {
  if (tls === undefined) return {};
  return {
    "listener.name.client.ssl.keystore.type": "PEM",
    "listener.name.client.ssl.keystore.certificate.chain": await readFile(tls.cert, "utf8"),
    "listener.name.client.ssl.keystore.key": await readFile(tls.key, "utf8"),
  };
}

const scram = ["SCRAM-SHA-256", "SCRAM-SHA-512"];

function loginSettings({ users }: KafkaOptions): Readonly<Record<string, string>> {
  if (users === undefined) return {};
  const module = "org.apache.kafka.common.security";
  const known = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  return {
    "listener.name.client.sasl.enabled.mechanisms": ["PLAIN", ...scram].join(","),
    "listener.name.client.plain.sasl.jaas.config": `${module}.plain.PlainLoginModule required ${known.join(" ")};`,
    ...Object.fromEntries(
      scram.map((mechanism) => [
        `listener.name.client.${mechanism.toLowerCase()}.sasl.jaas.config`,
        `${module}.scram.ScramLoginModule required;`,
      ]),
    ),
  };
}

/** They stand in the storage from the beginning. */
function scramUsers({ users = {} }: KafkaOptions): readonly string[] {
  return Object.entries(users).flatMap(([name, password]) =>
    scram.flatMap((mechanism) => ["--add-scram", `${mechanism}=[name=${name},password=${password}]`]),
  );
}
