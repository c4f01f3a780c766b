import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findFile } from "../src/find-file.ts";
import { folderWith } from "./support.ts";

test.each(["ts", "mts", "js", "mjs", "json"])("waybill.config.%s is found", async (ending) => {
  const folder = await folderWith({ [`waybill.config.${ending}`]: "" });
  expect(findFile(folder)).toBe(join(folder, `waybill.config.${ending}`));
});

test("a file above counts up to the nearest package.json, and no further", async () => {
  const top = await folderWith({ "waybill.config.json": {}, "package.json": {} });
  const inner = join(top, "a", "b");
  await mkdir(inner, { recursive: true });
  expect(findFile(inner)).toBe(join(top, "waybill.config.json"));
  await writeFile(join(top, "a", "package.json"), "{}");
  expect(findFile(inner)).toBeUndefined();
});

test("without any package.json above, only the folder itself counts", async () => {
  const top = await folderWith({ "waybill.config.json": {} });
  const inner = join(top, "a");
  await mkdir(inner);
  expect(findFile(top)).toBe(join(top, "waybill.config.json"));
  expect(findFile(inner)).toBeUndefined();
});

test("two in one folder are refused, naming both", async () => {
  const folder = await folderWith({ "waybill.config.json": {}, "waybill.config.ts": "" });
  expect(() => findFile(folder)).toThrow(/waybill\.config\.ts and .*waybill\.config\.json; keep one/);
});
