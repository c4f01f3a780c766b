import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { jitteredBackoff } from "./backoff.ts";
import { Bus } from "./bus.ts";
import { carrierUrl } from "./carrier-url.ts";
import type { Clock } from "./clock.ts";
import { systemClock } from "./clock.ts";
import type { Duration } from "./duration.ts";
import { milliseconds, wholeNumber } from "./duration.ts";
import { WaybillError } from "./errors.ts";
import { idMaker } from "./ids.ts";
import { checkName } from "./names.ts";
import type { Adapter, AdapterContext, Inbox, Random, Report } from "./seam.ts";
import type { WorkOptions } from "./subscribe-options.ts";

export interface ConnectOptions {
  /** The name of this service, CloudEvents' `source` of what it publishes. Default `"waybill"`. */
  readonly source?: string | undefined;
  /** Keeps apart what shares a broker (SUB-3). Default `"waybill"`. */
  readonly namespace?: string | undefined;
  /** Adapters beside the first-party ones; they go first. */
  readonly adapters?: readonly Adapter[] | undefined;
  /** `"verify"`: creates nothing, names what is missing (LIF-5). Default `"create"`. */
  readonly topology?: "create" | "verify" | undefined;
  /** The adapter's own settings; its README lists them. */
  readonly options?: unknown;
  /** The same for several adapters, by their names: the section of the one the URL names counts, unless `options` is given. */
  readonly sections?: Readonly<Record<string, unknown>> | undefined;
  /** By `topic/group`, or by the name of a queue: goes before what the code says where it subscribes (LAY-1). */
  readonly consumers?: Readonly<Record<string, WorkOptions>> | undefined;
  /** How long a publish tries before it gives up (PUB-11). Default `"30s"`. */
  readonly publishTimeout?: Duration | undefined;
  /** The most bytes that may wait to be sent; beyond it publishes are refused with `BUSY` (PUB-9). Default 64 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /** Hears what an operator would ask about: losses, restorations, failing settlements. */
  readonly onReport?: ((report: BusReport) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Makes the ids of messages, each different from all others everywhere. Default UUIDs. */
  readonly newId?: (() => string) | undefined;
}

/** All that `connect` needs in one object, such as `loadConfig()` of `@waybill/config` gives. */
export interface ConnectSettings extends ConnectOptions {
  readonly url: string | URL;
}

export interface BusReport {
  readonly kind: Report;
  readonly inbox: { readonly source: string; readonly group: string } | undefined;
  readonly error: WaybillError | undefined;
}

const firstParty: Readonly<Record<string, string>> = {
  "amqp:": "@waybill/rabbitmq",
  "amqps:": "@waybill/rabbitmq",
  "kafka:": "@waybill/kafka",
  "kafkas:": "@waybill/kafka",
  "memory:": "@waybill/memory",
  "redis:": "@waybill/redis",
  "rediss:": "@waybill/redis",
  "sqlite:": "@waybill/sqlite",
  "sqs:": "@waybill/sqs",
};

/**
 * Connects to the carrier a URL names: `memory:`, `sqlite:./file.db`, … Resolves once the carrier has let us in.
 * Rejects with `UNKNOWN_SCHEME` (naming the package to install), `CONFIG`, `PERMISSION`, `CORRUPT` or `UNAVAILABLE`.
 */
export function connect(url: string | URL, options?: ConnectOptions): Promise<Bus>;
/** The same, all in one object: `connect(await loadConfig())`. */
export function connect(settings: ConnectSettings): Promise<Bus>;
export async function connect(to: string | URL | ConnectSettings, given: ConnectOptions = {}): Promise<Bus> {
  const { url, ...options } = isSettings(to) ? to : { ...given, url: to };
  const { clock = systemClock, random = Math.random, onReport } = options;
  const parsed = parse(url);
  const backoff = jitteredBackoff(random);
  let trouble: WaybillError | undefined;
  const report = (kind: Report, inbox?: Inbox, error?: WaybillError): void => {
    if (kind === "lost" || kind === "throttled") trouble = error;
    if (kind === "restored") trouble = undefined;
    try {
      onReport?.({ kind, inbox: inbox && { source: inbox.source, group: inbox.group }, error });
    } catch (thrown) {
      process.emitWarning(
        `onReport has thrown: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
        "WaybillWarning",
      );
    }
  };
  const context = {
    source: checkName("source", options.source ?? "waybill"),
    clock,
    random,
    backoff,
    newId: options.newId ?? idMaker(),
    publishTimeout: milliseconds(options.publishTimeout ?? "30s", "publishTimeout"),
    maxBufferedBytes: wholeNumber(options.maxBufferedBytes ?? 64 * 2 ** 20, 1, "maxBufferedBytes"),
    tunables: options.consumers ?? {},
    report,
    trouble: () => trouble,
  };
  const adapter = await adapterOf(parsed.protocol, options.adapters ?? []);
  const section = sectionOf(options, adapter.name);
  const connecting = adapter.connect(parsed, {
    ...placeOf(options, adapter.name),
    clock,
    random,
    backoff,
    report,
  });
  const transport = await (section === undefined ? connecting : connecting.catch(naming(`adapters.${adapter.name}`)));
  return new Bus({ ...context, transport });
}

/**
 * What the broker's own administration has to allow a service with these settings, such as an IAM policy for `sqs:`. Connects to nothing.
 * Rejects with `UNSUPPORTED` where the carrier has no such words, and as `connect` does with `UNKNOWN_SCHEME` and `CONFIG`.
 */
export async function permissionsOf({ url, ...options }: ConnectSettings): Promise<unknown> {
  const parsed = parse(url);
  const adapter = await adapterOf(parsed.protocol, options.adapters ?? []);
  if (adapter.permissions === undefined)
    throw new WaybillError("UNSUPPORTED", `${adapter.name} has no policy that could be written for it; see its README`);
  return adapter.permissions(parsed, placeOf(options, adapter.name));
}

/** What an adapter is told of the place, beside its URL. */
function placeOf(options: ConnectOptions, name: string): Pick<AdapterContext, "namespace" | "topology" | "options"> {
  return {
    namespace: checkName("namespace", options.namespace ?? "waybill"),
    topology: options.topology ?? "create",
    options: options.options ?? sectionOf(options, name),
  };
}

function isSettings(to: string | URL | ConnectSettings): to is ConnectSettings {
  return typeof to === "object" && to !== null && !(to instanceof URL);
}

/** The adapter's section of the configuration, where it is what counts. */
function sectionOf({ options, sections = {} }: ConnectOptions, name: string): unknown {
  return options === undefined && Object.hasOwn(sections, name) ? sections[name] : undefined;
}

/** Says of a setting that cannot be used where it may stand. */
function naming(path: string): (thrown: unknown) => never {
  return (thrown) => {
    if (!(thrown instanceof WaybillError) || thrown.code !== "CONFIG") throw thrown;
    throw new WaybillError("CONFIG", `${path} or the URL: ${thrown.message}`, { cause: thrown });
  };
}

function parse(url: string | URL): URL {
  if (url instanceof URL) return url;
  const parsed = carrierUrl(url);
  if (parsed !== undefined) return parsed;
  // The text may hold a password, so it is not repeated (LIF-6).
  throw new WaybillError(
    "CONFIG",
    `the URL of the carrier cannot be read; give one such as "memory:" or "sqlite:./waybill.db"`,
  );
}

async function adapterOf(scheme: string, given: readonly Adapter[]): Promise<Adapter> {
  const passed = given.find(({ schemes }) => schemes.includes(scheme));
  if (passed !== undefined) return passed;
  const name = firstParty[scheme];
  if (name === undefined) {
    const known = [...new Set([...given.flatMap(({ schemes }) => schemes), ...Object.keys(firstParty)])].join(" ");
    throw new WaybillError(
      "UNKNOWN_SCHEME",
      `no adapter for "${scheme}"; known are ${known}; pass a third party's with connect(url, { adapters: [adapter] })`,
    );
  }
  const { adapter } = await load(name, scheme);
  return adapter;
}

/** Imports a package as core sees it or, under strict package managers, as the running project does. */
async function load(name: string, scheme: string): Promise<{ readonly adapter: Adapter }> {
  try {
    return (await import(name)) as { readonly adapter: Adapter };
  } catch (error) {
    if (!isMissing(error, name)) throw error;
  }
  try {
    const path = createRequire(join(process.cwd(), "package.json")).resolve(name);
    return (await import(pathToFileURL(path).href)) as { readonly adapter: Adapter };
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause;
    throw new WaybillError("UNKNOWN_SCHEME", `the adapter for "${scheme}" is not installed; run: npm install ${name}`, {
      cause,
    });
  }
}

/** Whether it is this package that is missing, not one that it needs itself. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return (
    (error.code === "ERR_MODULE_NOT_FOUND" || error.code === "MODULE_NOT_FOUND") && error.message.includes(`'${name}'`)
  );
}
