import { dirname, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { type ConnectSettings, WaybillError } from "@waybill/core";
import type { z } from "zod";
import type { Environment } from "./environment.ts";
import { fileVariable, readEnvironment } from "./environment.ts";
import { findFile } from "./find-file.ts";
import { readConfigFile } from "./read-file.ts";
import type { Settings } from "./schema.ts";
import { fileSchema } from "./schema.ts";

export interface LoadOptions {
  /** The configuration file. Default `WAYBILL_CONFIG`, else the `waybill.config.*` found from the working directory upwards. */
  readonly file?: string | undefined;
  /** Where the search starts and relative paths do. Default the process's working directory. */
  readonly folder?: string | undefined;
  /** Default `process.env`. */
  readonly environment?: Environment | undefined;
  /** Goes before the environment: what a command line says. */
  readonly override?: Pick<Settings, "url" | "namespace"> | undefined;
}

/** The settings, and where they come from. */
export interface ResolvedConfig {
  readonly settings: ConnectSettings;
  /** The absolute path of the file; undefined where there is none. */
  readonly file: string | undefined;
  /** For each setting that is given: `"argument"`, the name of the environment variable, or `"file"`. */
  readonly origins: Readonly<Record<string, string>>;
}

/**
 * The settings for `connect`: the environment goes before the file, the file before the defaults.
 * @throws WaybillError `CONFIG` with a line for each mistake, by its path, never with a value that may be secret (LIF-6)
 */
export async function loadConfig(options: LoadOptions = {}): Promise<ConnectSettings> {
  return (await resolveConfig(options)).settings;
}

/** As `loadConfig`, and where each setting comes from. */
export async function resolveConfig(options: LoadOptions = {}): Promise<ResolvedConfig> {
  const { folder = process.cwd(), environment = process.env, override = {} } = options;
  const path = options.file ?? (environment[fileVariable] || undefined);
  const file = path === undefined ? findFile(folder) : resolve(folder, path);
  const fromFile = file === undefined ? { settings: {}, flaws: [] } : check(await readConfigFile(file), dirname(file));
  const fromEnvironment = readEnvironment(environment);
  const settings = { ...fromFile.settings, ...fromEnvironment.settings, ...given(override) };
  const origins = {
    ...originsOf(given(fromFile.settings), "file"),
    ...fromEnvironment.origins,
    ...originsOf(given(override), "argument"),
  };
  const flaws = [...fromFile.flaws, ...fromEnvironment.flaws];
  const { url } = settings;
  if (url === undefined && flaws.length === 0) flaws.push(noUrl(file));
  if (url === undefined || flaws.length > 0) throw mistakes(flaws, file);
  return { settings: { ...settings, url }, file, origins };
}

function check(content: unknown, folder: string): { readonly settings: Settings; readonly flaws: readonly string[] } {
  const { data, error } = fileSchema.safeParse(content);
  if (error !== undefined) return { settings: {}, flaws: error.issues.map(lineOf) };
  return { settings: data.url === undefined ? data : { ...data, url: fromFolder(data.url, folder) }, flaws: [] };
}

/** A path that begins with a dot starts where the file is, wherever the program was started. */
function fromFolder(url: string, folder: string): string {
  const match = /^([a-z][a-z0-9+.-]*:)(\.\.?\/[^?#]*)(.*)$/i.exec(url);
  if (match === null) return url;
  const [, scheme = "", path = "", rest = ""] = match;
  return `${scheme}${new URL(path, pathToFileURL(`${folder}/`)).pathname}${rest}`;
}

function lineOf({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${pathOf(path)}: ${message}`;
}

/** As it would be written in code: `consumers["order.placed/billing"].retry`. */
function pathOf(path: readonly PropertyKey[]): string {
  const parts = path.map((part) =>
    /^[a-z_$][\w$]*$/i.test(String(part)) ? `.${String(part)}` : `[${JSON.stringify(part)}]`,
  );
  return parts.join("").replace(/^\./, "");
}

/** Without the members that are undefined, which would hide those they are put over. */
function given<T extends object>(settings: T): T {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as T;
}

function originsOf(settings: object, origin: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(settings).map((name) => [name, origin]));
}

function noUrl(file: string | undefined): string {
  const place = file === undefined ? "a waybill.config.json" : file;
  return `url: is missing; give one such as "sqlite:./waybill.db" in ${place}, or as WAYBILL_URL`;
}

function mistakes(flaws: readonly string[], file: string | undefined): WaybillError {
  const what = file === undefined ? "the configuration" : `the configuration (${file})`;
  const many = flaws.length === 1 ? "a mistake" : `${flaws.length} mistakes`;
  return new WaybillError("CONFIG", `${what} has ${many}:\n${flaws.map((flaw) => `  ${flaw}`).join("\n")}`);
}
