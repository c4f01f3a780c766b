import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Servers of Debian 13: Redis 8.0 and Valkey 8.1, which are newer than those that machines have. */
export type DebianServer = "redis-server" | "valkey-server";

const release = "trixie";
const packages: readonly DebianServer[] = ["redis-server", "valkey-server"];
const unpack = fileURLToPath(new URL("../src/unpack.sh", import.meta.url));

/** The folder with the servers and all that they need; the root of a machine that has nothing else. */
export const debianRoot: string = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "waybill", release);

/**
 * The command that runs a server of Debian 13 as an ordinary process of this machine, for the option `command` of
 * `startBroker`. It is unpacked on the first call, by apt, with CI=true or WAYBILL_TEST_ALL=true. Else it resolves to
 * undefined, after one line on stderr, where it has not been unpacked before.
 */
export async function debianServer(name: DebianServer): Promise<readonly string[] | undefined> {
  if (!(await isUnpacked())) {
    process.stderr.write(
      `test-servers: tests on ${name} of ${release} are skipped: set WAYBILL_TEST_ALL=true to get it\n`,
    );
    return undefined;
  }
  // With the loader and the libraries that it was built for, since the machine's own are others.
  const [loader = ""] = globSync(join(debianRoot, "usr/lib/*/ld-linux-*.so.*"));
  return [loader, "--library-path", dirname(loader), join(debianRoot, "usr/bin", name)];
}

async function isUnpacked(): Promise<boolean> {
  if (existsSync(debianRoot)) return true;
  if (process.env["CI"] !== "true" && process.env["WAYBILL_TEST_ALL"] !== "true") return false;
  process.stderr.write(`test-servers: unpacking ${packages.join(" and ")} of ${release}, which takes some seconds\n`);
  await promisify(execFile)(unpack, [debianRoot, release, ...packages], { maxBuffer: 2 ** 24 });
  return true;
}
