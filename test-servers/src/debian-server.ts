import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Servers of Debian 13: Redis 8.0, Valkey 8.1 and RabbitMQ 4.0, which are newer than those that machines have. */
export type DebianServer = "redis-server" | "valkey-server" | "rabbitmq-server";

const release = "trixie";
const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "waybill");
const unpack = fileURLToPath(new URL("../src/unpack.sh", import.meta.url));

/** Servers that are unpacked together, and the folder that is then the root of a machine that has nothing else. */
interface Unpacked {
  readonly folder: string;
  readonly packages: readonly DebianServer[];
}

const redis: Unpacked = { folder: join(cache, release), packages: ["redis-server", "valkey-server"] };
const rabbitmq: Unpacked = { folder: join(cache, `${release}-rabbitmq`), packages: ["rabbitmq-server"] };

/** The folder with Redis and Valkey and all that they need. */
export const debianRoot: string = redis.folder;

/**
 * The command that runs a server of Debian 13 as an ordinary process of this machine, for the option `command` of
 * `startBroker`. It is unpacked on the first call, by apt, with CI=true or WAYBILL_TEST_ALL=true. Else it resolves to
 * undefined, after one line on stderr, where it has not been unpacked before.
 */
export async function debianServer(name: DebianServer): Promise<readonly string[] | undefined> {
  const unpacked = name === "rabbitmq-server" ? rabbitmq : redis;
  if (!(await isThere(unpacked))) {
    process.stderr.write(
      `test-servers: tests on ${name} of ${release} are skipped: set WAYBILL_TEST_ALL=true to get it\n`,
    );
    return undefined;
  }
  return name === "rabbitmq-server" ? byErlang(rabbitmq.folder, name) : byLoader(redis.folder, name);
}

/** A program with the loader and the libraries that it was built for, since the machine's own are others. */
function byLoader(root: string, name: string): readonly string[] {
  const [loader = ""] = globSync(join(root, "usr/lib/*/ld-linux-*.so.*"));
  return [loader, "--library-path", dirname(loader), join(root, "usr/bin", name)];
}

/** A script of RabbitMQ, which takes the first Erlang in the PATH. */
function byErlang(root: string, name: string): readonly string[] {
  const path = [join(root, "usr/lib/erlang/bin"), process.env["PATH"] ?? "/usr/bin:/bin"].join(":");
  return ["env", `PATH=${path}`, join(root, "usr/lib/rabbitmq/bin", name)];
}

async function isThere({ folder, packages }: Unpacked): Promise<boolean> {
  if (existsSync(folder)) return true;
  if (process.env["CI"] !== "true" && process.env["WAYBILL_TEST_ALL"] !== "true") return false;
  process.stderr.write(`test-servers: unpacking ${packages.join(" and ")} of ${release}, which takes some seconds\n`);
  await promisify(execFile)(unpack, [folder, release, ...packages], { maxBuffer: 2 ** 24 });
  return true;
}
