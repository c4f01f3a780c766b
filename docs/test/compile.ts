import { mkdir, rm, writeFile } from "node:fs/promises";
import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Program } from "./programs.ts";

const folder = fileURLToPath(new URL("../dist/programs/", import.meta.url));
const tsc = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));

const tsconfig = {
  extends: "../../../tsconfig.program.json",
  compilerOptions: {
    composite: false,
    declaration: false,
    noEmit: true,
    rootDir: ".",
    noUnusedLocals: false,
    noUnusedParameters: false,
  },
  include: ["."],
};
/** What a page takes as its reader's own. */
const readers = {
  "my-adapter.ts": 'export { adapter } from "@waybill/memory";\n',
  "orders.ts": `import type { Topic } from "@waybill/core";
interface Order { readonly orderId: string }
export declare const orderPlaced: Topic<Order, Order>;
`,
  "billing.ts": "export declare function startBilling(bus: object): Promise<string[]>;\n",
};

/** Writes each program, in place of all earlier ones, where it finds the packages; resolves to their files, by name. */
export async function write(programs: ReadonlyMap<string, Program>): Promise<ReadonlyMap<string, string>> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  for (const [name, source] of Object.entries(readers)) await writeFile(join(folder, name), source);
  const files = new Map<string, string>();
  for (const [name, { source }] of programs) {
    const file = join(folder, `${name.replaceAll(/\W+/g, "-")}.ts`);
    await writeFile(file, source);
    files.set(name, file);
  }
  return files;
}

/** What the compiler has to say about them, a line each; the line numbers are those of the pages. */
export async function compile(): Promise<string> {
  const run = promisify(execFile)(process.execPath, [tsc, "-p", folder, "--pretty", "false"], { cwd: folder });
  return run.then(
    () => "",
    (failure: { readonly stdout: string }) => failure.stdout,
  );
}
