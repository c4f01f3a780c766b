import process from "node:process";
import type { Broker, BrokerKind, BrokerOptions, BrokerSource } from "./broker.ts";
import { dockerBroker } from "./docker-broker.ts";
import { givenBroker } from "./given-broker.ts";
import { elasticmq } from "./servers/elasticmq.ts";
import { fauxqs } from "./servers/fauxqs.ts";
import { kafka, type KafkaOptions } from "./servers/kafka.ts";
import { nativeBroker } from "./native-broker.ts";
import { rabbitmq, type RabbitmqOptions } from "./servers/rabbitmq.ts";
import type { SqsOptions } from "./servers/sqs.ts";
import { type RedisOptions, redis } from "./servers/redis.ts";
import type { Server } from "./server.ts";

/** What each kind of broker can be asked for. */
export interface BrokerOptionsOf {
  readonly redis: RedisOptions;
  readonly rabbitmq: RabbitmqOptions;
  readonly kafka: KafkaOptions;
  readonly sqs: SqsOptions;
}

const servers: { readonly [Kind in BrokerKind]: (options: BrokerOptionsOf[Kind]) => Server<BrokerOptionsOf[Kind]> } = {
  redis: () => redis,
  rabbitmq: () => rabbitmq,
  kafka: () => kafka,
  sqs: ({ server = "elasticmq" }) => (server === "elasticmq" ? elasticmq : fauxqs),
};
const every = ["url", "docker", "native"] as const satisfies readonly BrokerSource[];

/** There is no broker of this kind here; the message says how to get one. */
export class NoBrokerError extends Error {
  override readonly name = "NoBrokerError";
  readonly kind: BrokerKind;

  constructor(kind: BrokerKind, hint: string, reasons: readonly string[]) {
    super(`no ${kind} server here: ${hint} (${reasons.join("; ")})`);
    this.kind = kind;
  }
}

/**
 * A real broker for a test: the one whose URL stands in `WAYBILL_TEST_REDIS_URL` (or `_RABBITMQ_`, `_KAFKA_`, `_SQS_`), else a
 * container through testcontainers, else a server found on this machine and started privately, which with CI=true is
 * installed first. Resolves when it answers.
 * @throws NoBrokerError where none can be had
 */
export async function startBroker<Kind extends BrokerKind>(
  kind: Kind,
  options: BrokerOptionsOf[Kind] = {},
): Promise<Broker> {
  return startServer(servers[kind](options), options);
}

async function startServer<Options extends BrokerOptions>(server: Server<Options>, options: Options): Promise<Broker> {
  const reasons: string[] = [];
  for (const source of options.sources ?? sourcesOfEnvironment()) {
    const broker = await startFrom(source, server, options);
    if (typeof broker !== "string") return broker;
    reasons.push(broker);
  }
  throw new NoBrokerError(server.kind, server.hint, reasons);
}

function startFrom<Options extends BrokerOptions>(
  source: BrokerSource,
  server: Server<Options>,
  options: Options,
): Promise<Broker | string> {
  switch (source) {
    case "url":
      return givenBroker(server, options);
    case "docker":
      return dockerBroker(server, options);
    case "native":
      return nativeBroker(server, options);
  }
}

function sourcesOfEnvironment(): readonly BrokerSource[] {
  const names = (process.env["WAYBILL_TEST_SOURCES"] ?? "").split(",").filter((name) => name !== "");
  const sources = names.map((name) => {
    const source = every.find((each) => each === name);
    if (source === undefined)
      throw new TypeError(`WAYBILL_TEST_SOURCES names "${name}"; give some of ${every.join(",")}`);
    return source;
  });
  return sources.length === 0 ? every : sources;
}
