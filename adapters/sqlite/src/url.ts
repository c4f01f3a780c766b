import { resolve } from "node:path";
import { WaybillError } from "@waybill/core";

export interface Settings {
  /** The absolute path of the database file. */
  readonly file: string;
  /** How long what a dead member held stays away, ms. */
  readonly leaseMs: number;
  /** The most pages the file may have; undefined for no limit but the disk. */
  readonly maxPages: number | undefined;
}

const known = ["leaseMs", "maxPages"] as const;

/**
 * Reads `sqlite:./file.db`, `sqlite:/abs/file.db`, `sqlite:///abs/file.db`, with `?leaseMs=` and `?maxPages=`, which
 * `options` may hold as well (the URL wins).
 * @throws WaybillError `CONFIG` naming what cannot be read
 */
export function settingsOf(url: URL, options: unknown): Settings {
  const given = new Map<string, unknown>(Object.entries(options ?? {}));
  for (const [name, value] of url.searchParams) given.set(name, Number(value));
  for (const name of given.keys()) {
    if (!(known as readonly string[]).includes(name)) {
      throw new WaybillError("CONFIG", `sqlite: knows no setting "${name}"; known are ${known.join(", ")}`);
    }
  }
  return {
    file: fileOf(url),
    leaseMs: wholeNumber(given.get("leaseMs") ?? 30_000, "leaseMs"),
    maxPages: given.has("maxPages") ? wholeNumber(given.get("maxPages"), "maxPages") : undefined,
  };
}

function fileOf(url: URL): string {
  const path = decoded(url.pathname);
  if (url.host !== "") {
    throw new WaybillError(
      "CONFIG",
      `sqlite: names no host; write sqlite:./${url.host}${path} or sqlite:///absolute/path`,
    );
  }
  if (path === ":memory:") throw new WaybillError("CONFIG", `sqlite: needs a file; use the carrier "memory:" instead`);
  if (path === "" || path === "/" || path.endsWith("/")) {
    throw new WaybillError("CONFIG", `sqlite: needs the path of a file, such as sqlite:./waybill.db`);
  }
  return resolve(path);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new WaybillError("CONFIG", `sqlite: path ${JSON.stringify(path)} is not well encoded; write % as %25`, {
      cause,
    });
  }
}

function wholeNumber(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw new WaybillError("CONFIG", `sqlite: ${name} is ${String(value)}; give a whole number above 0`);
}
