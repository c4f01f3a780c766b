import { type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { WaybillError } from "@waybill/core";

/**
 * Checks what SQLite would only call "unable to open".
 * @throws WaybillError `CONFIG` for a directory that is not there, `PERMISSION` for a directory and for what may not be looked at,
 *   `MISSING` for no file to verify
 */
export function checkPath(file: string, topology: "create" | "verify"): void {
  const directory = statOf(dirname(file));
  if (directory === undefined) {
    throw new WaybillError(
      "CONFIG",
      `${file}: the directory ${dirname(file)} does not exist; create it, or correct the path`,
    );
  }
  if (!directory.isDirectory()) {
    throw new WaybillError("CONFIG", `${file}: ${dirname(file)} is a file and no directory; correct the path`);
  }
  const found = statOf(file);
  if (found?.isDirectory() === true) {
    throw new WaybillError("PERMISSION", `${file}: is a directory; give the path of a file`);
  }
  if (topology === "verify" && found === undefined) {
    throw new WaybillError("MISSING", `${file}: does not exist, and topology is "verify"`);
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new WaybillError("PERMISSION", `${path}: cannot be looked at (${String(cause)}); correct the path`, {
      cause,
    });
  }
}
