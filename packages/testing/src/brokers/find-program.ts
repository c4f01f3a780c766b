import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";

/** Where programs lie that are not in everyone's PATH. */
const usual = ["/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/opt/homebrew/bin"];

/** The path of the first of these programs that is in one of `places`, the PATH or where servers usually lie. */
export async function findProgram(
  names: readonly string[],
  places: readonly string[] = [],
): Promise<string | undefined> {
  const folders = [...places, ...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean), ...usual];
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (await isExecutable(path)) return path;
    }
  }
  return undefined;
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
