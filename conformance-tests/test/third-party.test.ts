import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const nodeFile = fileURLToPath(new URL("third-party/node-conformance.ts", import.meta.url));
const vitestFile = fileURLToPath(new URL("third-party/toy.test.ts", import.meta.url));

test("a third party's whole test file is under 15 lines, with either runner", () => {
  for (const file of [nodeFile, vitestFile])
    expect(readFileSync(file, "utf8").trim().split("\n").length).toBeLessThan(15);
});

test("a third party's adapter passes under node:test", { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, ["--test", "--test-reporter=spec", nodeFile], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  await once(child, "close");
  expect(output).toMatch(/conformance of toy: \d+ passed, \d+ not owed, \d+ not claimed\n/);
  expect(output).toMatch(/CAP-1\/refuses topics/);
  expect(output).toMatch(/fail 0\n/);
  expect(child.exitCode).toBe(0);
});
