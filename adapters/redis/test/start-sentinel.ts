import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface Sentinel extends AsyncDisposable {
  /** Host and port. */
  readonly address: string;
}

/** Starts a sentinel that watches a master under the name `main`. */
export async function startSentinel(master: string): Promise<Sentinel> {
  const folder = await mkdtemp(join(tmpdir(), "waybill-sentinel-"));
  const port = await freePort();
  const file = join(folder, "sentinel.conf");
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${folder}`,
    `sentinel monitor main 127.0.0.1 ${new URL(master).port} 1`,
    "sentinel down-after-milliseconds main 300",
    "sentinel failover-timeout main 3000",
  ];
  await writeFile(file, lines.join("\n"));
  const child = spawn("redis-server", [file, "--sentinel"], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface(child.stdout)) if (line.includes("+monitor master main")) break;
  child.stdout.resume();
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
