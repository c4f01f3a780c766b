import { parseArgs } from "node:util";
import type { BrokerKind } from "@waybill/testing";
import { type FaultName, faults, faultsOf } from "./faults.ts";

type Options = Readonly<Record<string, number | string | boolean>>;

export interface ChaosArguments {
  readonly url: string | undefined;
  /** To be started for this run. */
  readonly broker: BrokerKind | undefined;
  /** Where the adapter is imported from. */
  readonly module: string;
  readonly minutes: number;
  readonly strikes: number;
  readonly faults: readonly FaultName[];
  readonly seed: number;
  /** The carrier's settings: those that make its lease so long, or as near as it can come, and those of `--set`. */
  readonly options: Options;
  /** Where the history goes. */
  readonly json: string | undefined;
  /** A history to be judged, and nothing else. */
  readonly judge: string | undefined;
}

const brokers: readonly string[] = ["redis", "rabbitmq", "kafka", "sqs"] satisfies readonly BrokerKind[];
/** The packages of schemes that are not called as their scheme. */
const packages: Readonly<Record<string, string>> = { rediss: "redis", amqp: "rabbitmq", amqps: "rabbitmq" };

/**
 * What is no `leaseMs` of any length: a RabbitMQ goes by heartbeats, which it counts in seconds, and SQS counts its leases so; where an
 * emulator of it takes longer than a lease to delete what is handled, nothing ever ends. Kafka's brokers would lead past the links.
 */
const leases: Readonly<Record<string, (leaseMs: number) => Options>> = {
  kafka: (leaseMs) => ({
    leaseMs: Math.max(leaseMs, 2_000),
    tunnel: true,
    requestTimeoutMs: 4_000,
    connectTimeoutMs: 2_000,
  }),
  rabbitmq: (leaseMs) => ({ heartbeatMs: Math.ceil(leaseMs / 1_000) * 1_000 }),
  sqs: (leaseMs) => ({ leaseMs: Math.max(Math.ceil(leaseMs / 1_000), 4) * 1_000, waitMs: 1_000 }),
};

/** @throws TypeError naming what cannot be */
export function parseChaos(args: readonly string[]): ChaosArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: "string" },
      broker: { type: "string" },
      module: { type: "string" },
      minutes: { type: "string", default: "1" },
      strikes: { type: "string" },
      faults: { type: "string", default: "all" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
      lease: { type: "string", default: "500" },
      set: { type: "string", multiple: true, default: [] },
      json: { type: "string" },
      judge: { type: "string" },
    },
  });
  const { url, broker, json, judge } = values;
  if (url !== undefined && broker !== undefined) throw new TypeError("--url and --broker are given; give one of them");
  const scheme = broker ?? url?.slice(0, url.indexOf(":")) ?? "sqlite";
  const name = packages[scheme] ?? scheme;
  return {
    url,
    broker: broker === undefined ? undefined : brokerNamed(broker),
    module: values.module ?? `@waybill/${name}`,
    minutes: above(0, values.minutes, "minutes"),
    strikes: values.strikes === undefined ? Infinity : above(0, values.strikes, "strikes"),
    faults: faultsNamed(values.faults, name, {
      links: broker !== undefined || hasHost(url),
      broker: broker !== undefined,
    }),
    seed: above(-1, values.seed, "seed"),
    options: {
      ...(leases[name] ?? ((leaseMs) => ({ leaseMs })))(above(0, values.lease, "lease")),
      ...Object.fromEntries(values.set.map(settingFrom)),
    },
    json,
    judge,
  };
}

function faultsNamed(
  text: string,
  carrier: string,
  has: { readonly links: boolean; readonly broker: boolean },
): readonly FaultName[] {
  const known = faultsOf(has);
  if (text === "all") return known;
  return text.split(",").map((part) => {
    const name = known.find((one) => one === part.trim());
    if (name !== undefined) return name;
    const hint = part.trim() === "restart" && has.links ? "; --broker starts a server that can be restarted" : "";
    if (Object.hasOwn(faults, part.trim()))
      throw new TypeError(`there is no fault "${part.trim()}" of ${carrier} here; it has ${known.join(", ")}${hint}`);
    throw new TypeError(`there is no fault "${part.trim()}"; known are ${Object.keys(faults).join(", ")}`);
  });
}

function brokerNamed(name: string): BrokerKind {
  if (brokers.includes(name)) return name as BrokerKind;
  throw new TypeError(`--broker is "${name}"; known are ${brokers.join(", ")}`);
}

/** Whether a URL leads over a network. */
function hasHost(url: string | undefined): boolean {
  return url !== undefined && URL.parse(url)?.host !== "" && URL.canParse(url);
}

function above(least: number, text: string, name: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > least) return value;
  throw new TypeError(`--${name} is ${JSON.stringify(text)}; give a number above ${least}`);
}

function settingFrom(text: string): readonly [name: string, value: Options[string]] {
  const [, name = "", value = ""] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (name === "") throw new TypeError(`--set ${text} is no setting; write --set name=value`);
  if (value === "true" || value === "false") return [name, value === "true"];
  return [name, /^\d+$/.test(value) ? Number(value) : value];
}
