import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "waybill-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(["memory:", `sqlite:${join(folder, "waybill.db")}`])("prints what the README shows, over %s", async (url) => {
  const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const { stdout } = await promisify(execFile)(process.execPath, [main], { env: { ...process.env, WAYBILL_URL: url } });
  expect(stdout).toBe(/```text\n([^]*?)```/.exec(readme)?.[1]);
});
