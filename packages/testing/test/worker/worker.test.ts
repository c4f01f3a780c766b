import process from "node:process";
import { startWorker, type Worker, type WorkerOptions } from "@waybill/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { stopped } from "../../src/brokers/stopped.ts";

const counting = new URL("./fixtures/counting.ts", import.meta.url);

async function start(options?: WorkerOptions): Promise<Worker> {
  const worker = await startWorker(counting, options);
  onTestFinished(() => worker[Symbol.asyncDispose]());
  await worker.message((message) => "ready" in (message as object));
  return worker;
}

function turnsOf({ messages }: Worker): number {
  return messages.filter((message) => "turn" in (message as object)).length;
}

test("is a process with arguments and an environment, that is told things and tells", async () => {
  const worker = await start({ args: ["a", "b"], env: { WORKER_HOME: "here" } });
  expect(worker.messages[0]).toEqual({ ready: ["a", "b"], home: "here" });
  worker.send({ n: 1 });
  expect(await worker.message((message) => "echo" in (message as object))).toEqual({ echo: { n: 1 } });
  expect(process.kill(worker.pid, 0)).toBe(true);
});

test("ends by itself, with its code", async () => {
  const worker = await start();
  worker.send("end");
  expect(await worker.exited).toEqual({ code: 7, signal: null });
});

test("is killed without a word", async () => {
  const worker = await start();
  expect(await worker.kill()).toEqual({ code: null, signal: "SIGKILL" });
  expect(() => process.kill(worker.pid, 0)).toThrow("ESRCH");
  expect(await worker.kill()).toEqual({ code: null, signal: "SIGKILL" });
});

test("stands still while it is paused, and then goes on", async () => {
  const [worker, other] = [await start(), await start()];
  const turnsOfOther = (count: number): Promise<void> => {
    const until = turnsOf(other) + count;
    return vi.waitFor(() => expect(turnsOf(other)).toBeGreaterThanOrEqual(until));
  };
  worker.pause();
  await stopped(worker.pid);
  // What it said before has come by then.
  await turnsOfOther(5);
  const before = turnsOf(worker);
  await turnsOfOther(20);
  expect(turnsOf(worker)).toBe(before);
  worker.resume();
  await vi.waitFor(() => expect(turnsOf(worker)).toBeGreaterThan(before));
});

test("its event loop is blocked for as long as it is told to, and not longer", async () => {
  const worker = await start();
  const from = performance.now();
  const blocked = worker.block("200ms");
  worker.send("behind it");
  await blocked;
  expect(performance.now() - from).toBeGreaterThanOrEqual(199);
  expect(turnsOf(worker)).toBeLessThan(35);
  await worker.message((message) => (message as { echo?: unknown }).echo === "behind it");
  await worker.block(0);
});

test("dies when it is disposed of, though it is paused", async () => {
  const worker = await startWorker(counting);
  worker.pause();
  await worker[Symbol.asyncDispose]();
  expect(await worker.exited).toEqual({ code: null, signal: "SIGKILL" });
});

test("what it never tells fails, and the error tells what it told", async () => {
  const worker = await startWorker(counting);
  onTestFinished(() => worker[Symbol.asyncDispose]());
  await worker.message((message) => "ready" in (message as object));
  await expect(worker.message((message) => message === "never", { within: 1 })).rejects.toThrow(
    /told nothing as wished within 1 ms; it told: \[{"ready":\[\]}/,
  );
});
