/**
 * Makes a fresh clone ready: installs what package-lock.json names and, given a project folder, builds it with everything it
 * stands on. Comes first in `npm start`, `npm test` and `npm run bench`, on any Node from 20 on and without dependencies. What
 * `npm run` starts afterwards runs on the repo's own Node, because npm puts node_modules/.bin first in PATH.
 *
 *     node scripts/setup.mjs [project]
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const stampFile = "node_modules/.waybill-setup";
const [project] = process.argv.slice(2);
const skipped = [];

if (Number(process.versions.node.split(".")[0]) < 20) {
  fail(`Node ${process.versions.node} is too old to set this repository up; install Node 20 or newer and try again`);
}
await install();
if (project !== undefined) await build(project);
if (skipped.length > 0) say(`skipped, up to date: ${skipped.join(", ")}`);

/** Runs `npm ci`, unless it has run for this lock file on this platform. The lock file also pins the repo's own Node. */
async function install() {
  const lock = createHash("sha256").update(readFileSync("package-lock.json")).digest("hex");
  const stamp = `${process.platform} ${process.arch} ${lock}`;
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp && ownNode() !== undefined) {
    skipped.push("dependencies");
    return;
  }
  say("installing dependencies (npm ci), this takes about half a minute");
  const npmCi = () => run("npm", ["ci", "--include=dev", "--no-audit", "--no-fund"]);
  let { code, output } = await npmCi();
  if (code !== 0) {
    say("npm ci failed, which may be the network; trying once more");
    ({ code, output } = await npmCi());
  }
  if (code !== 0) {
    fail(
      "npm ci failed; check that npm can reach its registry and that its cache can be written, then try again",
      output,
    );
  }
  if (ownNode() === undefined) {
    fail(
      "the npm package `node` brought no binary; allow its install script (`npm config set ignore-scripts false`), then try again",
      output,
    );
  }
  writeFileSync(stampFile, stamp);
  say("dependencies installed");
}

/** Builds one project and what it references; `tsc -b` itself knows what is up to date. */
async function build(path) {
  const { code, output } = await run(ownNode(), ["node_modules/typescript/bin/tsc", "-b", path, "--verbose"]);
  if (code !== 0) fail(`the build of ${path} failed; correct the errors above, then try again`, output);
  if (output.includes("Building project")) say(`built ${path}`);
  else skipped.push("build");
}

/** The Node that the npm package `node` has installed here, if it has. */
function ownNode() {
  return ["node_modules/node/bin/node", "node_modules/node/bin/node.exe"].find((file) => existsSync(file));
}

/** Runs a command to its end and resolves with its exit code and all it wrote. Stdin stays with the caller. */
function run(command, args) {
  return new Promise((resolve) => {
    // npm is a .cmd file on Windows, which only a shell can start.
    const shell = process.platform === "win32" && command === "npm";
    const child = spawn(command, args, { shell, stdio: ["ignore", "pipe", "pipe"] });
    const started = Date.now();
    const progress = setInterval(() => say(`still at it after ${Math.round((Date.now() - started) / 1000)} s`), 20_000);
    let output = "";
    const collect = (chunk) => void (output += chunk);
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (error) => collect(`${error.message}\n`));
    child.on("close", (code) => {
      clearInterval(progress);
      resolve({ code, output });
    });
  });
}

function say(text) {
  console.error(`setup: ${text}`);
}

function fail(reason, output = "") {
  if (output !== "") console.error(output.trimEnd());
  say(reason);
  process.exit(1);
}
