import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly address: string;
  readonly folder: string;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a private redis-server and waits for the line of its log that says it is ready. */
export async function startServer(args: readonly string[] = [], ready = /Ready to accept/): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "waybill-redis-"));
  const port = await freePort();
  const places = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const child = spawn("redis-server", [...places, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines = createInterface(child.stdout);
  await new Promise<void>((resolve, reject) => {
    const log: string[] = [];
    lines.on("line", (line) => (ready.test(line) ? resolve() : log.push(line)));
    lines.on("close", () => reject(new Error(`redis-server did not start:\n${log.join("\n")}`)));
    child.on("error", reject);
  });
  return {
    port,
    address: `127.0.0.1:${port}`,
    folder,
    kill: (signal) => void child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
