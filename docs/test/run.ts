import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Readable } from "node:stream";

const preload = new URL("./interruptible.ts", import.meta.url).href;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program in an empty folder until it ends. As soon as it has printed `until` it gets a SIGINT, as from ctrl-C: a service
 * goes on until then.
 */
export async function run(file: string, url: string, until: string | undefined): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), "waybill-docs-"));
  const child = spawn(process.execPath, ["--import", preload, file], {
    cwd: folder,
    env: { ...process.env, WAYBILL_URL: url, NODE_NO_WARNINGS: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 20_000,
    killSignal: "SIGKILL",
  });
  let interrupted = false;
  const [code, stdout, stderr] = await Promise.all([
    new Promise<number | null>((resolve) => child.on("close", resolve)),
    textOf(child.stdout, (text) => {
      if (interrupted || until === undefined || !text.includes(until)) return;
      interrupted = true;
      child.kill("SIGINT");
    }),
    textOf(child.stderr),
  ]);
  await rm(folder, { recursive: true });
  return { code, stdout, stderr };
}

async function textOf(stream: Readable, seen: (text: string) => void = () => undefined): Promise<string> {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) {
    text += String(chunk);
    seen(text);
  }
  return text;
}
