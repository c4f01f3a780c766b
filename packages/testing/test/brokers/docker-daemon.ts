import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "../../src/brokers/find-program.ts";
import { aptInstall, cache } from "../../src/brokers/install.ts";
import { alone } from "../../src/brokers/lock.ts";
import { untilReady } from "../../src/brokers/until-ready.ts";

/** Ends when its input does, at the latest with this process; the folder goes with it. */
const script = `
  if [ -e /sys/class/net/docker0 ]; then made=; else made=docker0; fi
  dockerd --host "unix://$1/socket" --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" \\
    --iptables=false --ip-masq=false >"$1/log" 2>&1 &
  cat >/dev/null
  kill $!
  wait $!
  if [ -n "$made" ]; then ip link delete "$made"; fi
  rm -rf "$1"`;
const usual = "/var/run/docker.sock";
const startMs = 120_000;

export interface DockerDaemon {
  readonly socket: string;
  stop(): Promise<void>;
}

/**
 * The machine's Docker daemon, or one of this test's own, which leaves the machine's firewall alone. That takes root; Docker is
 * installed first if need be.
 */
export async function dockerDaemon(): Promise<DockerDaemon> {
  if (await answers(usual)) return { socket: usual, stop: async () => undefined };
  await alone(join(cache, "lock"), async () => {
    if ((await findProgram(["dockerd"])) === undefined) await aptInstall(["docker.io"]);
  });
  const folder = await mkdtemp(join(tmpdir(), "waybill-docker-"));
  // One at a time on a machine: two would share a bridge.
  const command = [join(cache, "docker.lock"), "sh", "-c", script, "docker-daemon", folder];
  const shell = spawn("flock", command, { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  const ended = once(shell, "exit");
  const stop = async (): Promise<void> => {
    shell.stdin.end();
    await ended;
  };
  const socket = join(folder, "socket");
  try {
    await untilReady(
      () => ping(socket),
      () => undefined,
      startMs,
    );
  } catch (cause) {
    const log = await readFile(join(folder, "log"), "utf8").catch(() => "none");
    await stop();
    throw new Error(`dockerd does not start; its last words:\n${log.slice(-1000)}`, { cause });
  }
  return { socket, stop };
}

function answers(socket: string): Promise<boolean> {
  return ping(socket).then(
    () => true,
    () => false,
  );
}

function ping(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get({ socketPath, path: "/_ping" }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`dockerd answers ${response.statusCode}`));
    });
    request.on("error", reject);
  });
}
