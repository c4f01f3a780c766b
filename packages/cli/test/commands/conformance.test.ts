import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cases } from "@waybill/conformance";
import { expect, test } from "vitest";
import { place, start } from "../support.ts";

const here = fileURLToPath(new URL("../..", import.meta.url));

test("runs the suite and prints what became of each case", async () => {
  const { code, stdout, stderr } = await start(here, ["conformance", "--url", "memory:", "--json"]).ended;
  const states = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { case: string; state: string });
  expect(stderr).toContain("conformance of memory");
  expect(states.map((state) => state.case)).toEqual(expect.arrayContaining(cases.map(({ id }) => id)));
  expect(states.filter(({ state }) => state === "failed")).toEqual([]);
  expect(code).toBe(0);
}, 120_000);

test("says so where the suite ends before its report", async () => {
  const { folder } = await place();
  await writeFile(
    join(folder, "away.mjs"),
    `export const adapter = { connect: () => Promise.reject(new Error("away")) };`,
  );
  const { code, stdout, stderr } = await start(here, [
    "conformance",
    "--url",
    "x:",
    "--adapter",
    join(folder, "away.mjs"),
  ]).ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/Error: away[^]*waybill: the suite did not run to its end, see above\n$/);
});

test("where the suite is not installed it says how to install it", async () => {
  const { folder, run } = await place();
  await writeFile(join(folder, "adapter.mjs"), "export const adapter = {};");
  expect(await run("conformance", "--adapter", "./adapter.mjs")).toEqual({
    code: 2,
    stdout: "",
    stderr: "waybill: @waybill/conformance is not installed here; run: npm install --save-dev @waybill/conformance\n",
  });
});
