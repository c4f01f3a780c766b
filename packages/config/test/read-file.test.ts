import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { folderWith } from "./support.ts";

const run = promisify(execFile);
const entry = new URL("../dist/index.js", import.meta.url).href;

/** What `loadConfig` gives or says in a plain Node, without a test runner's own handling of modules. */
async function loadedBy(folder: string, ...flags: readonly string[]): Promise<string> {
  const script = `
    const { loadConfig } = await import(${JSON.stringify(entry)});
    await loadConfig({ environment: {} }).then(({ url }) => console.log(url), ({ code, message }) => console.log(code, message));`;
  const { stdout } = await run(process.execPath, [...flags, "--input-type=module", "--eval", script], { cwd: folder });
  return stdout.trim();
}

describe("modules", () => {
  test.each(["ts", "mts"])("waybill.config.%s is read as it stands, types and all", async (ending) => {
    const source = `const name: string = "typed";\nexport default { url: \`memory:\${name}\` } satisfies object;`;
    expect(await loadedBy(await folderWith({ [`waybill.config.${ending}`]: source }))).toBe("memory:typed");
  });

  test.each(["js", "mjs"])("waybill.config.%s is imported", async (ending) => {
    const folder = await folderWith({ [`waybill.config.${ending}`]: `export default { url: "memory:plain" };` });
    expect(await loadedBy(folder)).toBe("memory:plain");
  });

  test("TypeScript is refused where Node does not read it, saying what to do", async () => {
    const folder = await folderWith({ "waybill.config.ts": `export default { url: "memory:" };` });
    expect(await loadedBy(folder, "--no-experimental-strip-types")).toMatch(
      /^CONFIG .*waybill\.config\.ts is TypeScript, which Node \S+ does not read by itself here; use Node 22\.18 or newer/,
    );
  });

  test("one without a default export is refused, and one that throws, with what it said", async () => {
    const without = await folderWith({ "waybill.config.mjs": `export const url = "memory:";` });
    expect(await loadedBy(without)).toMatch(/^CONFIG .*exports nothing by default/);
    const throwing = await folderWith({ "waybill.config.mjs": `throw new Error("no vault today");` });
    expect(await loadedBy(throwing)).toMatch(/^CONFIG .*waybill\.config\.mjs cannot be loaded: no vault today$/);
  });

  test("one whose default is no object is refused", async () => {
    const folder = await folderWith({ "waybill.config.mjs": "export default () => ({});" });
    expect(await loadedBy(folder)).toMatch(/has a mistake:\n {2}is a function; give an object with url, /);
  });
});

describe("JSON", () => {
  test.each([
    [`{ "url": "redis://:s3cret@host"\n "namespace": "x" }`, "is not JSON, see line 2 column 2"],
    [`s3cret`, "is not JSON"],
  ])("that cannot be parsed is refused with the place and nothing of the text: %s", async (text, says) => {
    const folder = await folderWith({ "waybill.config.json": text });
    const said = await loadedBy(folder);
    expect(said).toBe(`CONFIG ${join(folder, "waybill.config.json")} ${says}`);
  });
});
