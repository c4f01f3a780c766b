import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";

export interface Main {
  readonly stdin: Writable;
  /** Resolves when standard output holds what the pattern wants. */
  printed(pattern: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }>;
}

/** Starts the example as `npm start` does, by a user who stands in `folder`, which is its folder for temporary files too. */
export function startMain(options: {
  readonly args: readonly string[];
  readonly url: string | undefined;
  readonly folder: string;
}): Main {
  const { args, url, folder } = options;
  const { WAYBILL_URL: _, ...rest } = process.env;
  const env = {
    ...rest,
    INIT_CWD: folder,
    TMPDIR: folder,
    TEMP: folder,
    ...(url === undefined ? {} : { WAYBILL_URL: url }),
  };
  const child = spawn(process.execPath, [fileURLToPath(new URL("../dist/main.js", import.meta.url)), ...args], { env });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return {
    stdin: child.stdin,
    kill: (signal) => void child.kill(signal),
    ended: once(child, "close").then(() => ({ exitCode: child.exitCode, stdout, stderr })),
    async printed(pattern) {
      while (!pattern.test(stdout)) await once(child.stdout, "data");
    },
  };
}

/** What is printed, without what differs from run to run: figures, and the lines that show how far it is. */
export function outputShape(output: string): string {
  return output
    .split("\n")
    .filter((line) => !/^( +\d+ s |Each group:)/.test(line))
    .map((line) => line.replaceAll(/[\d,]*\d/g, "#").replaceAll(/ {2,}/g, "  "))
    .join("\n");
}
