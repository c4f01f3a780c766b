import { Given, Secret, WaybillError } from "@waybill/core";

/** Where a broker listens. */
export interface Node {
  readonly host: string;
  readonly port: number;
}

/** How we say who we are. */
type Login =
  | {
      readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
      readonly user: string;
      readonly password: Secret;
    }
  | Bearer;

/** By a token, which is asked for at each login. */
export interface Bearer {
  readonly mechanism: "OAUTHBEARER";
  readonly token: () => string | Promise<string>;
}

/** As `tls.connect` takes them. */
interface TlsSettings {
  readonly ca?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly key?: Secret;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface Settings {
  /** Which client speaks to the brokers. */
  readonly driver: "platformatic" | "kafkajs";
  /** At least one; any of them tells of the others. */
  readonly seeds: readonly Node[];
  /** Whether all brokers are reached by the first seed's address, whatever they advertise: one broker behind a tunnel. */
  readonly tunnel: boolean;
  readonly login: Login | undefined;
  readonly tls: TlsSettings | undefined;
  readonly clientId: string;
  /** Of a new topic. */
  readonly partitions: number;
  /** Copies of a new topic; undefined for three, or as many as there are brokers. */
  readonly replication: number | undefined;
  readonly retentionMs: number;
  /** A member that is silent for so long is dead, ms. */
  readonly leaseMs: number;
  /** How long a planned hand-over waits for handlers, ms. */
  readonly handoverMs: number;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How long a broker waits for messages before it answers that there are none, ms. */
  readonly waitMs: number;
  /** How long what is settled may wait for others to be committed with, ms. */
  readonly commitMs: number;
  /** Whether what a handler sends, a retry and a dead letter are one step with the end of their message. */
  readonly transactions: boolean;
  readonly sweepMs: number;
  /** How often it is looked whether topics have more partitions, ms. */
  readonly refreshMs: number;
  /** The broker's `message.max.bytes`, which it tells few: the most bytes of a record. */
  readonly maxMessageBytes: number;
}

const tlsNames = ["ca", "cert", "key", "servername", "rejectUnauthorized"];
const known = [
  "driver",
  "sasl",
  "token",
  "tunnel",
  "clientId",
  "partitions",
  "replication",
  "retentionMs",
  "leaseMs",
  "handoverMs",
  "connectTimeoutMs",
  "requestTimeoutMs",
  "waitMs",
  "commitMs",
  "transactions",
  "sweepMs",
  "refreshMs",
  "maxMessageBytes",
  ...tlsNames,
];
/** What no URL should hold. */
const notInUrls = ["token", "key", "ca", "cert"];
const mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
const defaultPort = 9_092;
const day = 86_400_000;

/**
 * Reads `kafka://[user[:password]@]host[:port][,host[:port]…]`, `kafkas://` for TLS, with the settings as `?name=value`, which
 * `options` may hold as well (the URL wins).
 * @throws WaybillError `CONFIG` naming what cannot be read, and no credential
 */
export function settingsOf(url: URL, options: unknown): Settings {
  if (!/^\/?$/.test(url.pathname)) throw config("the URL has a path; it is kafka://host:port,host:port");
  const given = new Given(url, options, { carrier: "kafka", known, notInUrls });
  return {
    driver: driverOf(given),
    seeds: seedsOf(url),
    tunnel: given.flag("tunnel"),
    login: loginOf(url, given),
    tls: tlsOf(url, given),
    clientId: given.text("clientId") ?? "waybill",
    partitions: given.wholeNumber("partitions", 8, [1, 1_000]),
    replication: given.has("replication") ? given.wholeNumber("replication", 1, [1, 100]) : undefined,
    retentionMs: given.wholeNumber("retentionMs", 14 * day, [60_000, 100 * 365 * day]),
    leaseMs: given.wholeNumber("leaseMs", 10_000, [500, 1_800_000]),
    handoverMs: given.wholeNumber("handoverMs", 30_000, [0, 3_600_000]),
    connectTimeoutMs: given.wholeNumber("connectTimeoutMs", 5_000, [100, 600_000]),
    requestTimeoutMs: given.wholeNumber("requestTimeoutMs", 10_000, [100, 600_000]),
    waitMs: given.wholeNumber("waitMs", 500, [10, 30_000]),
    commitMs: given.wholeNumber("commitMs", 100, [0, 60_000]),
    transactions: transactionsOf(given),
    sweepMs: given.wholeNumber("sweepMs", 60_000, [1_000, day]),
    refreshMs: given.wholeNumber("refreshMs", 30_000, [100, day]),
    maxMessageBytes: given.wholeNumber("maxMessageBytes", 1_048_588, [100_000, 2 ** 30]),
  };
}

function driverOf(given: Given): Settings["driver"] {
  const driver = given.text("driver") ?? "platformatic";
  if (driver === "platformatic" || driver === "kafkajs") return driver;
  throw config("driver is neither platformatic nor kafkajs");
}

function transactionsOf(given: Given): boolean {
  const wanted = given.flag("transactions");
  if (wanted && driverOf(given) === "kafkajs")
    throw config(
      "transactions need @platformatic/kafka; kafkajs cannot fence off a member that died. Leave out driver or transactions",
    );
  return wanted;
}

function seedsOf(url: URL): readonly Node[] {
  const written = url.port === "" ? url.hostname : `${url.hostname}:${url.port}`;
  const seeds = decoded(written, "host").split(",");
  return seeds.map((seed) => {
    const [, host = "", port] = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(seed) ?? [];
    if (host === "" || Number(port) === 0 || Number(port) > 65_535)
      throw config("a host is missing or cannot be read; write kafka://host:port,host:port");
    return { host: host.replace(/^\[|\]$/g, ""), port: Number(port ?? defaultPort) };
  });
}

function loginOf(url: URL, given: Given): Login | undefined {
  const token = given.get("token");
  const asked = given.text("sasl")?.toUpperCase();
  if (token !== undefined) {
    if (typeof token !== "function") throw config("token is no function that gives a token");
    if (asked !== undefined && asked !== "OAUTHBEARER") throw config("a token goes with sasl=oauthbearer alone");
    return { mechanism: "OAUTHBEARER", token: token as () => string | Promise<string> };
  }
  if (asked === "OAUTHBEARER") throw config("sasl=oauthbearer needs the option token, a function that gives one");
  if (url.username === "") {
    if (asked !== undefined) throw config("sasl needs a user and a password in the URL");
    return undefined;
  }
  const mechanism = mechanisms.find((one) => one === (asked ?? "PLAIN"));
  if (mechanism === undefined) throw config("sasl is none of plain, scram-sha-256, scram-sha-512 and oauthbearer");
  return { mechanism, user: decoded(url.username, "user"), password: new Secret(decoded(url.password, "password")) };
}

function decoded(part: string, what: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw config(`the ${what} cannot be decoded; a "%" in it is written %25`);
  }
}

function tlsOf(url: URL, given: Given): TlsSettings | undefined {
  const named = tlsNames.filter((name) => given.has(name));
  if (url.protocol !== "kafkas:") {
    if (named.length > 0) throw config(`${named.join(", ")} need TLS; write kafkas:// in place of kafka://`);
    return undefined;
  }
  const [ca, cert, key] = ["ca", "cert", "key"].map((name) => pem(given, name));
  const rejectUnauthorized = given.get("rejectUnauthorized") ?? true;
  if (typeof rejectUnauthorized !== "boolean") throw config("rejectUnauthorized is neither true nor false");
  const servername = given.text("servername");
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key: new Secret(key.toString()) }),
    ...(servername !== undefined && { servername }),
    rejectUnauthorized,
  };
}

function pem(given: Given, name: string): string | Uint8Array | undefined {
  const value = given.get(name);
  if (value === undefined || typeof value === "string" || value instanceof Uint8Array) return value;
  throw config(`${name} is neither a text nor bytes in PEM`);
}

function config(why: string): WaybillError {
  return new WaybillError("CONFIG", `kafka: ${why}`);
}
