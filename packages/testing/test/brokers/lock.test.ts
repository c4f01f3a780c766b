import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { alone } from "../../src/brokers/lock.ts";

async function lockFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "waybill-test-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "not/there/yet/lock");
}

test("one after the other does its work, also after one that failed", async () => {
  const file = await lockFile();
  let inside = 0;
  const work = async (fails: boolean): Promise<string> => {
    inside += 1;
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(inside).toBe(1);
    inside -= 1;
    if (fails) throw new Error("no package of that name");
    return "done";
  };
  const ends = await Promise.allSettled([true, false, true, false].map((fails) => alone(file, () => work(fails))));
  expect(ends.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected", "fulfilled"]);
});

test("a process that dies lets go", async () => {
  const file = await lockFile();
  const fixture = fileURLToPath(new URL("fixtures/holding.ts", import.meta.url));
  await expect(promisify(execFile)(process.execPath, [fixture, file])).rejects.toMatchObject({ signal: "SIGKILL" });
  expect(await alone(file, async () => "done")).toBe("done");
});

test("where there is no flock it rejects", async () => {
  vi.stubEnv("PATH", "/nowhere");
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(alone(await lockFile(), async () => "done")).rejects.toThrow(/flock/);
});
