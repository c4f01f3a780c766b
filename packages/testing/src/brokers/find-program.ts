import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";

/** Where servers lie that are not in everyone's PATH. */
const places = ["/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/opt/homebrew/bin"];

/** The first of these programs that is in the PATH or where servers lie, as a command. */
export async function findProgram(names: readonly string[]): Promise<readonly [string] | undefined> {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean), ...places];
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (await isExecutable(path)) return [path];
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
