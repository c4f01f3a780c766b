import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";

/** Where servers are kept that were installed for tests: shared by all of the user's repositories. */
export const cache: string = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "waybill");

/** A policy for as long as apt runs: what is installed is not started as a service. Then apt itself. */
const apt = `
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\\nexit 101\\n' > "$policy"
    chmod +x "$policy"
  fi
  apt-get update -q # one source of many that does not answer may not matter
  apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"`;

/** Installs packages of Debian or Ubuntu, which takes root. Rejects with what apt has said. */
export async function aptInstall(packages: readonly string[]): Promise<void> {
  await promisify(execFile)("sh", ["-c", apt, "apt", ...packages], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    maxBuffer: 64 * 2 ** 20,
  });
}
