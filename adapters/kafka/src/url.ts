import { nearest, Secret, WaybillError } from "@waybill/core";

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
  | { readonly mechanism: "OAUTHBEARER"; readonly token: () => string | Promise<string> };

/** As `tls.connect` takes them. */
interface TlsSettings {
  readonly ca?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly key?: Secret;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface Settings {
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
  readonly sweepMs: number;
  /** The broker's `message.max.bytes`, which it tells few: the most bytes of a record. */
  readonly maxMessageBytes: number;
}

type Given = ReadonlyMap<string, unknown>;

const tlsNames = ["ca", "cert", "key", "servername", "rejectUnauthorized"];
const known = [
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
  "sweepMs",
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
  if (typeof (options ?? {}) !== "object") throw config(`the options are a ${typeof options}; give an object`);
  if (url.hash !== "" || url.href.endsWith("#")) throw config(`a "#" in the URL is written %23`);
  if (!/^\/?$/.test(url.pathname)) throw config("the URL has a path; it is kafka://host:port,host:port");
  const given = new Map<string, unknown>(Object.entries(options ?? {}).filter(([, value]) => value !== undefined));
  for (const name of given.keys()) checkKnown(name);
  for (const [name, value] of url.searchParams) {
    checkKnown(name);
    if (notInUrls.includes(name)) throw config(`${name} is given as an option, not in the URL`);
    given.set(name, read(value));
  }
  return {
    seeds: seedsOf(url),
    tunnel: flag(given, "tunnel"),
    login: loginOf(url, given),
    tls: tlsOf(url, given),
    clientId: text(given, "clientId") ?? "waybill",
    partitions: wholeNumber(given, "partitions", 8, [1, 1_000]),
    replication: given.has("replication") ? wholeNumber(given, "replication", 1, [1, 100]) : undefined,
    retentionMs: wholeNumber(given, "retentionMs", 14 * day, [60_000, 100 * 365 * day]),
    leaseMs: wholeNumber(given, "leaseMs", 10_000, [500, 1_800_000]),
    handoverMs: wholeNumber(given, "handoverMs", 30_000, [0, 3_600_000]),
    connectTimeoutMs: wholeNumber(given, "connectTimeoutMs", 5_000, [100, 600_000]),
    requestTimeoutMs: wholeNumber(given, "requestTimeoutMs", 10_000, [100, 600_000]),
    waitMs: wholeNumber(given, "waitMs", 500, [10, 30_000]),
    commitMs: wholeNumber(given, "commitMs", 100, [0, 60_000]),
    sweepMs: wholeNumber(given, "sweepMs", 60_000, [1_000, day]),
    maxMessageBytes: wholeNumber(given, "maxMessageBytes", 1_048_588, [100_000, 2 ** 30]),
  };
}

function read(value: string): unknown {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  return value === "true" || value === "false" ? value === "true" : value;
}

function checkKnown(name: string): void {
  if (known.includes(name)) return;
  // What stands there may be a part of a secret.
  if (!/^\w{1,40}$/.test(name)) throw config("a setting has an odd name; known are " + known.join(", "));
  throw config(`knows no setting "${name}"; did you mean "${nearest(name, known)}"? known are ${known.join(", ")}`);
}

function seedsOf(url: URL): readonly Node[] {
  const written = url.port === "" ? url.hostname : `${url.hostname}:${url.port}`;
  const seeds = decodeURIComponent(written).split(",");
  return seeds.map((seed) => {
    const [, host = "", port] = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(seed) ?? [];
    if (host === "" || Number(port) > 65_535)
      throw config("a host is missing or cannot be read; write kafka://host:port,host:port");
    return { host: host.replace(/^\[|\]$/g, ""), port: Number(port ?? defaultPort) };
  });
}

function loginOf(url: URL, given: Given): Login | undefined {
  const token = given.get("token");
  const asked = text(given, "sasl")?.toUpperCase();
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
  return { mechanism, user: decoded(url.username), password: new Secret(decoded(url.password)) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw config('user or password cannot be decoded; a "%" in them is written %25');
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
  const servername = text(given, "servername");
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

function wholeNumber(given: Given, name: string, usual: number, [least, most]: readonly [number, number]): number {
  const value = given.get(name) ?? usual;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw config(`${name} is ${JSON.stringify(value)}; give a whole number from ${least} to ${most}`);
}

function flag(given: Given, name: string): boolean {
  const value = given.get(name) ?? false;
  if (typeof value === "boolean") return value;
  throw config(`${name} is neither true nor false`);
}

function text(given: Given, name: string): string | undefined {
  const value = given.get(name);
  if (value === undefined) return undefined;
  if (typeof value === "string" && value !== "") return value;
  throw config(`${name} is not a text; give one`);
}

function config(why: string): WaybillError {
  return new WaybillError("CONFIG", `kafka: ${why}`);
}
