import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Files of the repository by their paths, in order: those that match, without what was installed or built. */
export async function filesOf(patterns: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const paths = globSync(patterns, { cwd: root, exclude: ["**/node_modules", "**/dist"] });
  const files = new Map<string, string>();
  for (const path of paths.toSorted()) files.set(path, await readFile(`${root}${path}`, "utf8"));
  return files;
}
