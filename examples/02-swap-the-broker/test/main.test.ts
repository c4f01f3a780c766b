import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { orSkip } from "@waybill/testing";
import { expect, test, vi } from "vitest";
import { carriers } from "../src/carriers.ts";
import { runOn } from "../src/run-on.ts";

// A broker may have to be installed or fetched first.
vi.setConfig({ testTimeout: 180_000 });

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const [table = "", shown = ""] = [...readme.matchAll(/```text\n([^]*?)```/g)].map(([, block = ""]) => block);
const swap = fileURLToPath(new URL("../dist/swap.js", import.meta.url));
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

test.for(Object.entries(carriers))("on %s the program prints what the README shows", async ([, open], { skip }) => {
  await using place = await orSkip(open());
  if (place === undefined) return skip();
  expect((await runOn(place.url, main)).output).toBe(shown);
});

test("the swap prints the output once, and a line for each carrier", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [swap]);
  const stable = (text: string): string =>
    text.replaceAll(/\d+\.\d s/g, "<time>").replaceAll(/left out +.*/g, "<here or not>");
  expect(stdout.startsWith(`${shown}\n`)).toBe(true);
  const rows = stable(stdout.slice(shown.length + 1)).split("\n");
  const wanted = stable(table).split("\n");
  expect(rows.map((row) => row.split(" ")[0])).toEqual(wanted.map((row) => row.split(" ")[0]));
  for (const row of rows.filter((each) => !each.includes("<here or not>"))) expect(wanted).toContain(row);
});
