import { readFile, readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const pauseMs = 1;
const atMostMs = 5000;

/**
 * Resolves when every thread of a process that got a SIGSTOP stands still. The signal is taken by one of them, which may have to
 * wait for a processor while the others go on. Where there is no /proc it resolves at once; and after a while, should somebody
 * have let the process go on.
 */
export async function stopped(pid: number): Promise<void> {
  const giveUpAt = performance.now() + atMostMs;
  while (!(await isStopped(`/proc/${pid}/task`)) && performance.now() < giveUpAt) await sleep(pauseMs);
}

async function isStopped(folder: string): Promise<boolean> {
  const threads = await readdir(folder).catch(() => []);
  const states = await Promise.all(threads.map((thread) => stateOf(`${folder}/${thread}/stat`)));
  return states.every((state) => state !== "R" && state !== "S" && state !== "D");
}

/** The letter after the name, which stands in parentheses and may have some of its own; none of a thread that has ended. */
async function stateOf(file: string): Promise<string | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text[text.lastIndexOf(")") + 2];
}
