import { Given, Secret, WaybillError } from "@waybill/core";

/** Where a server listens. */
export interface Node {
  readonly host: string;
  readonly port: number;
}

interface Credentials {
  readonly user: string | undefined;
  readonly password: Secret | undefined;
}

/** As `tls.connect` takes them. */
interface TlsSettings {
  readonly ca?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly key?: Secret;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** What each batch waits for beyond the server's own word. */
export type Confirmed = { readonly kind: "fsync" } | { readonly kind: "replicas"; readonly count: number };

export interface Settings {
  readonly kind: "single" | "sentinel" | "cluster";
  /** The one server, the sentinels, or the nodes by which a cluster is found. */
  readonly nodes: readonly Node[];
  /** What the sentinels call the master. */
  readonly master: string | undefined;
  readonly db: number;
  readonly credentials: Credentials;
  readonly sentinelCredentials: Credentials;
  readonly tls: TlsSettings | undefined;
  /** How long what a dead member held stays away, ms. */
  readonly leaseMs: number;
  readonly durability: Confirmed | undefined;
  readonly connectTimeoutMs: number;
  /** After how many ms without an answer a link is dead. */
  readonly commandTimeoutMs: number;
}

const tlsSettings = ["ca", "cert", "key", "servername", "rejectUnauthorized"];
const known = [
  "leaseMs",
  "durability",
  "connectTimeoutMs",
  "commandTimeoutMs",
  "sentinels",
  "sentinelName",
  "sentinelUser",
  "sentinelPassword",
  "cluster",
  ...tlsSettings,
];
const sentinelPort = 26_379;
/** The least and the most that such a number may be. */
const positive = [1, 2 ** 31 - 1] as const;

/**
 * Reads `redis://[user[:password]@]host[:port][/db]`, `rediss://` for TLS, with the settings as `?name=value`, which
 * `options` may hold as well (the URL wins). With `sentinels` the host is the master's name, or `sentinelName` is.
 * @throws WaybillError `CONFIG` naming what cannot be read, and no credential
 */
export function settingsOf(url: URL, options: unknown): Settings {
  const given = new Given(url, options, { carrier: "redis", known });
  const db = databaseOf(url);
  return {
    ...placesOf(url, given, db),
    db,
    credentials: credentialsOf(decoded(url.username, "user"), decoded(url.password, "password")),
    sentinelCredentials: credentialsOf(given.text("sentinelUser") ?? "", given.text("sentinelPassword") ?? ""),
    tls: tlsOf(url, given),
    leaseMs: given.wholeNumber("leaseMs", 30_000, positive),
    durability: durabilityOf(given.get("durability")),
    connectTimeoutMs: given.wholeNumber("connectTimeoutMs", 5_000, positive),
    commandTimeoutMs: given.wholeNumber("commandTimeoutMs", 10_000, positive),
  };
}

const escapes = `in a user or password "/" is written %2F, "?" %3F, "#" %23, "@" %40 and "%" %25`;

function placesOf(url: URL, given: Given, db: number): Pick<Settings, "kind" | "nodes" | "master"> {
  const sentinels = nodesOf(given, "sentinels", sentinelPort);
  const cluster = given.get("cluster") ?? false;
  if (sentinels !== undefined && cluster !== false) throw config("takes sentinels or cluster, not both");
  if (sentinels !== undefined) return { kind: "sentinel", nodes: sentinels, master: masterOf(url, given) };
  for (const name of ["sentinelName", "sentinelUser", "sentinelPassword"])
    if (given.has(name)) throw config(`${name} goes with sentinels; give them as "host:port"`);
  if (cluster === false) return { kind: "single", nodes: [hostOf(url)], master: undefined };
  if (db !== 0) throw config(`a cluster has database 0 alone; leave "/${db}" out of the URL`);
  const more = cluster === true ? [] : (nodesOf(given, "cluster", 6_379) ?? []);
  return { kind: "cluster", nodes: [...(url.hostname === "" ? [] : [hostOf(url)]), ...more], master: undefined };
}

function hostOf(url: URL): Node {
  if (url.hostname === "") throw config("needs a host, such as redis://localhost");
  const host = decoded(url.hostname, "host").replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? 6_379 : Number(url.port);
  if (port < 1) throw config("port 0 is none; give one from 1 to 65535");
  return { host, port };
}

function masterOf(url: URL, given: Given): string {
  const host = decoded(url.hostname, "host");
  const name = given.text("sentinelName") ?? host;
  if (url.port !== "") throw config("the sentinels know the master's port; leave it out of the URL");
  if (name === "") throw config("needs the name the sentinels have for the master, as redis://name or as sentinelName");
  if (host !== "" && host !== name)
    throw config(`the master is "${host}" in the URL and sentinelName "${name}"; give one of them`);
  return name;
}

function nodesOf(given: Given, name: string, port: number): readonly Node[] | undefined {
  const value = given.get(name);
  if (value === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(value)
    ? value
    : typeof value === "string"
      ? value.split(",")
      : [value];
  if (list.length === 0) throw config(`${name} is empty; give at least one "host:port"`);
  return list.map((one) => nodeOf(one, name, port));
}

function nodeOf(value: unknown, name: string, usual: number): Node {
  const [, bracketed, plain, port = usual] =
    (typeof value === "string" && /^\s*(?:\[([^\]@]+)\]|([^:/@\s[\]]+))(?::(\d{1,5}))?\s*$/.exec(value)) || [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) > 0 && Number(port) < 65_536) return { host, port: Number(port) };
  throw config(`${name} holds something else than "host:port"; give a list such as ["10.0.0.1:${usual}"]`);
}

function databaseOf(url: URL): number {
  const path = url.pathname.replace(/^\//, "");
  if (/^\d{0,9}$/.test(path)) return Number(path);
  throw config(`the path is the number of a database, such as /0; ${escapes}`);
}

function credentialsOf(user: string, password: string): Credentials {
  if (user !== "" && password === "") throw config("has a user and no password; write redis://user:password@host");
  return { user: user === "" ? undefined : user, password: password === "" ? undefined : new Secret(password) };
}

function tlsOf(url: URL, given: Given): TlsSettings | undefined {
  if (url.protocol !== "rediss:") {
    const stray = tlsSettings.find((name) => given.has(name));
    if (stray !== undefined) throw config(`${stray} is of TLS; write rediss:// for it`);
    return undefined;
  }
  const pem = (name: string): object => (given.has(name) ? { [name]: pemOf(given.get(name), name) } : {});
  const key = given.has("key") ? { key: new Secret(String(pemOf(given.get("key"), "key"))) } : {};
  const servername = given.text("servername");
  const named = servername === undefined ? {} : { servername };
  return { ...pem("ca"), ...pem("cert"), ...key, ...named, ...verifying(given.get("rejectUnauthorized")) };
}

function pemOf(value: unknown, name: string): string | Uint8Array {
  const pem = value instanceof Uint8Array ? Buffer.from(value).toString() : value;
  if (typeof pem === "string" && pem.includes("-----BEGIN ")) return pem;
  throw config(`${name} is no PEM text; give what the file holds, such as readFileSync("${name}.pem", "utf8")`);
}

function verifying(value: unknown): { readonly rejectUnauthorized?: boolean } {
  if (value === undefined) return {};
  if (typeof value === "boolean") return { rejectUnauthorized: value };
  throw config("rejectUnauthorized is neither true nor false");
}

function durabilityOf(value: unknown): Confirmed | undefined {
  if (value === undefined) return undefined;
  if (value === "fsync") return { kind: "fsync" };
  const [, count] = (typeof value === "string" && /^replicas:(\d{1,3})$/.exec(value)) || [];
  if (Number(count) > 0) return { kind: "replicas", count: Number(count) };
  throw config(`durability is ${JSON.stringify(value)}; give "fsync" or "replicas:1"`);
}

function decoded(part: string, name: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw config(`the ${name} in the URL is not well encoded; ${escapes}`);
  }
}

function config(why: string): WaybillError {
  return new WaybillError("CONFIG", `redis: ${why}`);
}
