import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { WaybillError } from "@waybill/core";

/**
 * What a configuration file holds, unchecked: the JSON, or the module's default export.
 * @throws WaybillError `CONFIG` naming the file and why it cannot be read
 */
export async function readConfigFile(file: string): Promise<unknown> {
  return extname(file) === ".json" ? parse(file, await text(file)) : await load(file);
}

async function text(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw unreadable(file, `cannot be read: ${messageOf(cause)}`, cause);
  }
}

/** The parser's own error quotes the text, which may hold a password; only the place is taken from it (LIF-6). */
function parse(file: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    const place = /line \d+ column \d+/.exec(messageOf(error))?.[0];
    throw unreadable(file, `is not JSON${place === undefined ? "" : `, see ${place}`}`);
  }
}

async function load(file: string): Promise<unknown> {
  const module = await imported(file);
  if ("default" in module) return module["default"];
  throw unreadable(file, "exports nothing by default; write: export default defineConfig({ … })");
}

async function imported(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    if (codeOf(cause) !== "ERR_UNKNOWN_FILE_EXTENSION")
      throw unreadable(file, `cannot be loaded: ${messageOf(cause)}`, cause);
    throw unreadable(
      file,
      `is TypeScript, which Node ${process.versions.node} does not read by itself here; use Node 22.18 or newer, or JavaScript or JSON`,
      cause,
    );
  }
}

function unreadable(file: string, why: string, cause?: unknown): WaybillError {
  return new WaybillError("CONFIG", `${file} ${why}`, cause === undefined ? undefined : { cause });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
