import { resolve } from "node:path";
import { nearest, WaybillError } from "@waybill/core";

export interface Settings {
  /** The absolute path of the database file. */
  readonly file: string;
  /** How long what a dead member held stays away, ms. */
  readonly leaseMs: number;
  /** The most pages the file may have; undefined for no limit but the disk. */
  readonly maxPages: number | undefined;
}

const known = ["leaseMs", "maxPages"];

/**
 * Reads `sqlite:./file.db`, `sqlite:/abs/file.db`, `sqlite:///abs/file.db`, with `?leaseMs=` and `?maxPages=`, which
 * `options` may hold as well (the URL wins).
 * @throws WaybillError `CONFIG` naming what cannot be read
 */
export function settingsOf(url: URL, options: unknown): Settings {
  if (typeof (options ?? {}) !== "object") throw config(`the options are ${String(options)}; give an object`);
  const given = new Map<string, unknown>(Object.entries(options ?? {}));
  for (const [name, value] of url.searchParams) given.set(name, /^\d+$/.test(value) ? Number(value) : value);
  for (const name of given.keys()) {
    if (!known.includes(name)) {
      throw config(`knows no setting ${JSON.stringify(name)}; did you mean "${nearest(name, known)}"? ${all}`);
    }
  }
  return {
    file: fileOf(url),
    leaseMs: wholeNumber(given.get("leaseMs") ?? 30_000, "leaseMs"),
    maxPages: given.has("maxPages") ? wholeNumber(given.get("maxPages"), "maxPages") : undefined,
  };
}

const all = `known are ${known.join(" and ")}`;

function fileOf(url: URL): string {
  const path = decoded(url.pathname);
  if (url.host !== "") throw config(`names no host; write sqlite:./${url.host}${path} or sqlite:///absolute/path`);
  if (url.hash !== "") throw config(`a "#" in the name of a file is written %23`);
  if (path === ":memory:") throw config(`needs a file; use the carrier "memory:" instead`);
  if (path.includes("\0")) throw config("the name of a file has no NUL character");
  if (path === "" || path.endsWith("/")) throw config("needs the path of a file, such as sqlite:./waybill.db");
  return resolve(path);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw config(`path ${JSON.stringify(path)} is not well encoded; write % as %25`, cause);
  }
}

function wholeNumber(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw config(`${name} is ${JSON.stringify(value)}; give a whole number above 0`);
}

function config(why: string, cause?: unknown): WaybillError {
  return new WaybillError("CONFIG", `sqlite: ${why}`, { cause });
}
