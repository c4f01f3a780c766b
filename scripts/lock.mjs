/**
 * Makes package-lock.json anew, after a package.json has changed, and installs by it (`npm run lock`). npm names the packages
 * of all platforms only when it starts from nothing, so this works in an empty folder that holds just the manifests, and on
 * the repo's own Node, because npm takes the newest versions that the running Node can use.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const { workspaces } = JSON.parse(readFileSync("package.json", "utf8"));
const empty = mkdtempSync(join(tmpdir(), "waybill-lock-"));
for (const file of ["package.json", ".npmrc", ...globSync(workspaces.map((glob) => `${glob}/package.json`))]) {
  cpSync(file, join(empty, file));
}
const { status } = spawnSync("npm install --package-lock-only", { cwd: empty, shell: true, stdio: "inherit" });
if (status !== 0) fail("npm install failed, see above");

const { packages } = JSON.parse(readFileSync(join(empty, "package-lock.json"), "utf8"));
const locked = new Set(Object.keys(packages).map((path) => path.split("node_modules/").at(-1)));
const missing = Object.values(packages)
  .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
  .filter((name) => !locked.has(name));
if (missing.length > 0) {
  fail(`the registry does not have ${missing.join(", ")}: pin an older version of what needs them, then try again`);
}
copyFileSync(join(empty, "package-lock.json"), "package-lock.json");
rmSync(empty, { recursive: true });
console.log(`lock: package-lock.json names ${locked.size} packages`);
process.exitCode = spawnSync(process.execPath, ["scripts/setup.mjs"], { stdio: "inherit" }).status ?? 1;

function fail(reason) {
  console.error(`lock: ${reason}`);
  process.exit(1);
}
