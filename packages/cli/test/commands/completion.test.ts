import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { place } from "../support.ts";

const run = promisify(execFile);

describe("bash completes", () => {
  test.each([
    ["waybill st", ["stats"]],
    ["waybill dlq re", ["redrive"]],
    ["waybill dlq redrive --old", ["--older-than"]],
    ["waybill publish order.placed --key", ["--key", "--key-of"]],
    ["waybill stats --que", ["--queue"]],
    ["waybill --vers", ["--version"]],
  ])("%s", async (line, words) => {
    const { folder, run: waybill } = await place();
    await writeFile(join(folder, "completion"), (await waybill("completion", "bash")).stdout);
    const given = line.split(" ");
    const script = `source completion; COMP_WORDS=(${given.join(" ")}); COMP_CWORD=${given.length - 1}; _waybill; echo "\${COMPREPLY[@]}"`;
    const { stdout } = await run("bash", ["-c", script], { cwd: folder });
    expect(stdout.trim().split(" ")).toEqual(words);
  });
});

test("zsh's has the same words", async () => {
  const { code, stdout } = await (await place()).run("completion", "zsh");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^#compdef waybill\n/);
  expect(stdout).toContain(`"dlq"*) words="list show redrive discard" ;;`);
});

test("there is none for other shells", async () => {
  expect(await (await place()).run("completion", "fish")).toEqual({
    code: 2,
    stdout: "",
    stderr: `waybill: no completion for "fish"; give bash or zsh\n`,
  });
});
