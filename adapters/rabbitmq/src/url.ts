import { Given, Secret, WaybillError } from "@waybill/core";

/** Where a server listens. */
export interface Node {
  readonly host: string;
  readonly port: number;
}

/** A token as it is shown at login, and until when (epoch ms) it counts; one that does not say counts for ever. */
export type Token = string | { readonly token: string; readonly expiresAt?: number | undefined };

/** Who we say we are. */
export type Login =
  | { readonly kind: "plain"; readonly user: string; readonly password: Secret }
  | { readonly kind: "token"; readonly user: string; readonly ask: () => Token | Promise<Token> }
  | { readonly kind: "external" };

/** As `tls.connect` takes them. */
export interface TlsSettings {
  readonly ca?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly key?: Secret;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** Where the plugin of management answers, and for whom. */
export interface ManagementSettings {
  /** Without credentials, its path ending in no slash. */
  readonly url: string;
  readonly user: string;
  readonly password: Secret;
}

export interface Settings {
  /** At least one: the members of a cluster, all of them equal. */
  readonly nodes: readonly Node[];
  readonly vhost: string;
  readonly login: Login;
  readonly tls: TlsSettings | undefined;
  /** What operators read beside a connection. */
  readonly connectionName: string;
  /** Whole seconds. After two to three of them without a word from the server a link is dead. */
  readonly heartbeatMs: number;
  /** How long one server may take to let us in, ms. */
  readonly connectTimeoutMs: number;
  /** How long it may take to answer a command, ms. */
  readonly commandTimeoutMs: number;
  /** The server's `max_message_size`, which it tells nobody: the most bytes of a body. */
  readonly maxMessageBytes: number;
  /** The server's `consumer_timeout`, which it tells nobody: how long a delivery may stay unsettled, ms. */
  readonly consumerTimeoutMs: number;
  /** After how long without its member an ephemeral inbox is gone, ms. */
  readonly sweepMs: number;
  readonly management: ManagementSettings | undefined;
}

const tlsSettings = ["ca", "cert", "key", "servername", "rejectUnauthorized"];
const known = [
  "hosts",
  "auth",
  "token",
  "connectionName",
  "heartbeatMs",
  "connectTimeoutMs",
  "commandTimeoutMs",
  "maxMessageBytes",
  "consumerTimeoutMs",
  "sweepMs",
  "managementUrl",
  ...tlsSettings,
];

/**
 * Reads `amqp://[user[:password]@]host[,host…][:port][/vhost]`, `amqps://` for TLS, with the settings as `?name=value`, which
 * `options` may hold as well (the URL wins). Hosts of other ports stand in `hosts`.
 * @throws WaybillError `CONFIG` naming what cannot be read, and no credential
 */
export function settingsOf(url: URL, options: unknown): Settings {
  const given = new Given(url, options, { carrier: "rabbitmq", known });
  const tls = tlsOf(url, given);
  const login = loginOf(url, given, tls);
  return {
    nodes: nodesOf(url, given),
    vhost: vhostOf(url),
    login,
    tls,
    connectionName: given.text("connectionName") ?? "waybill",
    heartbeatMs: wholeSeconds(given, "heartbeatMs", 5_000),
    connectTimeoutMs: given.wholeNumber("connectTimeoutMs", 5_000, positive),
    commandTimeoutMs: given.wholeNumber("commandTimeoutMs", 10_000, positive),
    maxMessageBytes: given.wholeNumber("maxMessageBytes", 16 * 2 ** 20, positive),
    consumerTimeoutMs: given.wholeNumber("consumerTimeoutMs", 30 * 60_000, positive),
    sweepMs: given.wholeNumber("sweepMs", 60_000, positive),
    management: managementOf(given, login),
  };
}

/** The least and the most that such a number may be. */
const positive = [1, 2 ** 31 - 1] as const;

const escapes = `in a user, password or vhost "/" is written %2F, "?" %3F, "#" %23, "@" %40 and "%" %25`;

function nodesOf(url: URL, given: Given): readonly Node[] {
  if (url.hostname === "") throw config("needs a host, such as amqp://localhost");
  const usual = url.protocol === "amqps:" ? 5_671 : 5_672;
  const port = url.port === "" ? usual : Number(url.port);
  if (port < 1) throw config("port 0 is none; give one from 1 to 65535");
  const hosts = decoded(url.hostname, "host").split(",");
  return [
    ...hosts.map((host) => nodeOf(host, "the URL", port)),
    ...listOf(given.get("hosts")).map((one) => nodeOf(one, "hosts", usual)),
  ];
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  return typeof value === "string" ? value.split(",") : [value];
}

function nodeOf(value: unknown, place: string, usual: number): Node {
  const [, bracketed, plain, port = usual] =
    (typeof value === "string" && /^\s*(?:\[([^\]@]+)\]|([^:/@\s[\]]+))(?::(\d{1,5}))?\s*$/.exec(value)) || [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) > 0 && Number(port) < 65_536) return { host, port: Number(port) };
  throw config(`${place} holds something else than "host:port"; give hosts such as "10.0.0.1:${usual}"`);
}

function vhostOf(url: URL): string {
  const path = url.pathname.replace(/^\//, "");
  // An "@" may follow the rest of a password.
  if (/[/@]/.test(path)) throw config(`the path is one vhost; ${escapes}`);
  const vhost = path === "" ? "/" : decoded(path, "vhost");
  if (Buffer.byteLength(vhost) < 256) return vhost;
  throw config("the vhost in the URL is longer than the 255 bytes that AMQP allows");
}

function loginOf(url: URL, given: Given, tls: TlsSettings | undefined): Login {
  const user = decoded(url.username, "user");
  const password = decoded(url.password, "password");
  const auth = given.get("auth") ?? "plain";
  const ask = given.get("token");
  if (auth === "external") {
    if (tls?.cert === undefined || tls.key === undefined) throw config(`auth "external" needs amqps://, cert and key`);
    if (user + password === "" && ask === undefined) return { kind: "external" };
    throw config(`auth "external" takes no user, password or token; the certificate says who we are`);
  }
  if (auth !== "plain") throw config(`auth is ${shown(auth)}; give "plain" or "external"`);
  if (ask !== undefined) return tokenLogin(user, password, ask);
  if (user === "" && password === "") return { kind: "plain", user: "guest", password: new Secret("guest") };
  if (password === "") throw config("has a user and no password; write amqp://user:password@host");
  if (user === "") throw config("has a password and no user; write amqp://user:password@host");
  return { kind: "plain", user, password: new Secret(password) };
}

function tokenLogin(user: string, password: string, ask: unknown): Login {
  if (typeof ask !== "function") throw config("token is no function; give one in the options that returns the token");
  if (password !== "") throw config("takes a password or a token function, not both");
  return { kind: "token", user, ask: ask as () => Token };
}

function managementOf(given: Given, login: Login): ManagementSettings | undefined {
  const value = given.text("managementUrl");
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search + url.hash !== "")
    throw config("managementUrl is no URL such as http://localhost:15672");
  const own = { user: decoded(url.username, "user"), password: new Secret(decoded(url.password, "password")) };
  if (own.user === "" && login.kind !== "plain")
    throw config("managementUrl needs a user of its own here; write http://user:password@host:15672");
  const { user, password } = own.user === "" && login.kind === "plain" ? login : own;
  return { url: url.origin + url.pathname.replace(/\/+$/, ""), user, password };
}

function tlsOf(url: URL, given: Given): TlsSettings | undefined {
  if (url.protocol !== "amqps:") {
    const stray = tlsSettings.find((name) => given.has(name));
    if (stray !== undefined) throw config(`${stray} is of TLS; write amqps:// for it`);
    return undefined;
  }
  if (given.has("cert") !== given.has("key")) throw config("cert and key go together; give both or none");
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

/** AMQP counts heartbeats in seconds; without them nobody would notice a link that is dead. */
function wholeSeconds(given: Given, name: string, usual: number): number {
  const value = given.wholeNumber(name, usual, [1_000, 60_000]);
  if (value % 1_000 === 0) return value;
  throw config(`${name} is ${value}; give whole seconds from 1000 to 60000`);
}

function shown(value: unknown): string {
  return typeof value === "object" || typeof value === "function" ? `a ${typeof value}` : JSON.stringify(value);
}

function decoded(part: string, name: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw config(`the ${name} in the URL is not well encoded; ${escapes}`);
  }
}

function config(why: string): WaybillError {
  return new WaybillError("CONFIG", `rabbitmq: ${why}`);
}
