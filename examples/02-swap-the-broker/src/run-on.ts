import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";

/** How long the program may take, ms. */
const timeout = 60_000;

/** Runs a program on the broker of a URL. Resolves with what it prints and how long it takes; rejects when it fails. */
export async function runOn(
  url: string,
  program: string,
): Promise<{ readonly output: string; readonly seconds: number }> {
  const startedAt = performance.now();
  const env = { ...process.env, WAYBILL_URL: url };
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env, timeout });
  return { output: stdout, seconds: (performance.now() - startedAt) / 1_000 };
}
