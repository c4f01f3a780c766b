import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/** Does something while no other process of the machine does so with the same file. A process that dies lets go of the file. */
export async function alone<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  // Held until its input ends, which is at the latest when this process does.
  const holder = spawn("flock", [file, "sh", "-c", "echo; cat"], { stdio: ["pipe", "pipe", "ignore"], detached: true });
  const held = once(holder.stdout, "data");
  const failed = once(holder, "exit").then(([code]) => {
    throw new Error(`flock ends with ${String(code)} and has not locked ${file}`);
  });
  try {
    await Promise.race([held, failed]);
    return await work();
  } finally {
    holder.stdin.end();
  }
}
