import { Given, Secret, WaybillError } from "@waybill/core";

/** Keys of an account, or what fetches them: whatever the SDK takes as `credentials`. */
type Credentials =
  | { readonly kind: "keys"; readonly id: string; readonly secret: Secret; readonly session: Secret | undefined }
  | { readonly kind: "provider"; readonly provide: () => Promise<AwsIdentity> };

/** What the SDK signs with. */
export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

export interface Settings {
  readonly region: string;
  /** Undefined for the region's own. */
  readonly endpoint: string | undefined;
  readonly snsEndpoint: string | undefined;
  /** Whether topics are to be had of SNS; `auto` looks. */
  readonly sns: boolean | "auto";
  /** Undefined for the SDK's own chain. */
  readonly credentials: Credentials | undefined;
  readonly profile: string | undefined;
  /** Whose queues they are; undefined for the caller's own. */
  readonly account: string | undefined;
  /** For how long a message is hidden from others, renewed while it is in hand; whole seconds in ms. */
  readonly leaseMs: number;
  /** How long a poll waits for a message, ms. */
  readonly waitMs: number;
  readonly sweepMs: number;
  readonly requestTimeoutMs: number;
  readonly retentionMs: number;
  readonly kmsKeyId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

const known = [
  "endpoint",
  "snsEndpoint",
  "sns",
  "account",
  "profile",
  "credentials",
  "leaseMs",
  "waitMs",
  "sweepMs",
  "requestTimeoutMs",
  "retentionMs",
  "kmsKeyId",
  "tags",
];
/** What no URL should hold. */
const notInUrls = ["credentials", "tags"];
const day = 86_400_000;

/**
 * Reads `sqs://region` with the settings as `?name=value`, which `options` may hold as well (the URL wins). Credentials come by the
 * SDK's own chain, or as the option `credentials`; a URL holds none.
 * @throws WaybillError `CONFIG` naming what cannot be read, and no credential
 */
export function settingsOf(url: URL, options: unknown): Settings {
  if (url.username !== "" || url.password !== "")
    throw config("the URL holds credentials; give them by the SDK's own chain, or as the option credentials");
  const given = new Given(url, options, { carrier: "sqs", known, notInUrls });
  return {
    region: regionOf(url),
    endpoint: endpoint(given, "endpoint"),
    snsEndpoint: endpoint(given, "snsEndpoint") ?? endpoint(given, "endpoint"),
    sns: snsOf(given.get("sns")),
    credentials: credentialsOf(given.get("credentials")),
    profile: given.text("profile"),
    account: accountOf(given),
    leaseMs: wholeSeconds(given, "leaseMs", 30_000, [1_000, 43_200_000]),
    waitMs: wholeSeconds(given, "waitMs", 20_000, [1_000, 20_000]),
    sweepMs: given.wholeNumber("sweepMs", 600_000, [1_000, day]),
    requestTimeoutMs: given.wholeNumber("requestTimeoutMs", 10_000, [100, 2 ** 31 - 1]),
    retentionMs: wholeSeconds(given, "retentionMs", 14 * day, [60_000, 14 * day]),
    kmsKeyId: given.text("kmsKeyId"),
    tags: tagsOf(given.get("tags")),
  };
}

function regionOf(url: URL): string {
  if (url.hostname === "") throw config("the region is missing; write it as the host: sqs://eu-central-1");
  if (url.port !== "" || !/^\/?$/.test(url.pathname))
    throw config("the URL is sqs://region; another server is named by ?endpoint=http://host:port");
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(url.hostname)) return url.hostname;
  throw config(`"${url.hostname}" is no region; write one such as sqs://eu-central-1`);
}

function endpoint(given: Given, name: string): string | undefined {
  const value = given.text(name);
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.username !== "" || url.password !== "")
    throw config(`${name} is no http or https URL without credentials; give one such as http://localhost:9324`);
  return value;
}

function snsOf(value: unknown = "auto"): boolean | "auto" {
  if (value === "auto" || typeof value === "boolean") return value;
  throw config('sns is neither true, false nor "auto"');
}

function credentialsOf(value: unknown): Credentials | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "function") return { kind: "provider", provide: value as () => Promise<AwsIdentity> };
  const { accessKeyId, secretAccessKey, sessionToken } = Object(value) as Partial<Record<keyof AwsIdentity, unknown>>;
  if (typeof accessKeyId !== "string" || typeof secretAccessKey !== "string")
    throw config("credentials are no function and no { accessKeyId, secretAccessKey }");
  const session = typeof sessionToken === "string" ? new Secret(sessionToken) : undefined;
  return { kind: "keys", id: accessKeyId, secret: new Secret(secretAccessKey), session };
}

function accountOf(given: Given): string | undefined {
  const value = given.get("account");
  if (value === undefined) return undefined;
  if (typeof value !== "string" && typeof value !== "number") throw config("account is no number of 12 digits");
  // Written as a number it has lost the zeros it begins with.
  const account = String(value).padStart(12, "0");
  if (/^\d{12}$/.test(account)) return account;
  throw config("account is no number of 12 digits");
}

function tagsOf(value: unknown = {}): Readonly<Record<string, string>> {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isMap && Object.values(value).every((one) => typeof one === "string")) return value as Record<string, string>;
  throw config("tags are no object of texts; give such as { team: 'orders' }");
}

function wholeSeconds(given: Given, name: string, usual: number, bounds: readonly [number, number]): number {
  const ms = given.wholeNumber(name, usual, bounds);
  if (ms % 1_000 === 0) return ms;
  throw config(`${name} is ${ms}; SQS counts in whole seconds, give a multiple of 1000`);
}

function config(why: string): WaybillError {
  return new WaybillError("CONFIG", `sqs: ${why}`);
}
