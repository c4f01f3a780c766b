import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { expect, onTestFinished, test } from "vitest";
import { stopped } from "../../src/brokers/stopped.ts";

test.runIf(existsSync("/proc/self/task"))("a process is stopped when all of its threads are", async () => {
  const child = spawn(process.execPath, ["-e", "console.log('here'); for (;;);"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const pid = child.pid ?? 0;

  let isSaid = false;
  const saying = stopped(pid).then(() => (isSaid = true));
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(isSaid).toBe(false);
  child.kill("SIGSTOP");
  await saying;
  expect(readFileSync(`/proc/${pid}/stat`, "utf8")).toMatch(/\) T /);
});

test("a process that has ended goes on no more", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  await stopped(child.pid ?? 0);
  expect(child.exitCode).toBe(0);
});
