import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { WaybillError } from "@waybill/core";

const names = ["ts", "mts", "js", "mjs", "json"].map((ending) => `waybill.config.${ending}`);

/**
 * The configuration file that goes for a folder: in it, or above it up to the nearest `package.json`. Without one above, only
 * the folder itself counts, so that no stranger's file does.
 * @throws WaybillError `CONFIG` where a folder has two
 */
export function findFile(folder: string): string | undefined {
  for (const candidate of project(resolve(folder))) {
    const found = names.map((name) => join(candidate, name)).filter((file) => existsSync(file));
    if (found.length > 1) {
      throw new WaybillError("CONFIG", `there are ${found.join(" and ")}; keep one, or say which with WAYBILL_CONFIG`);
    }
    if (found[0] !== undefined) return found[0];
  }
  return undefined;
}

/** The folder and those above it, up to the one with a `package.json`. */
function project(folder: string): readonly string[] {
  const folders = [folder];
  for (let current = folder; !existsSync(join(current, "package.json")); folders.push(current)) {
    const above = dirname(current);
    if (above === current) return [folder];
    current = above;
  }
  return folders;
}
