/**
 * Runs every check (`npm run check`: the build, lint, format, packaging and the tests of all packages, cached by turbo) and
 * ends with one line that sums them up: each vitest test counts as one, and so does each other check. With CI=true a skipped
 * test counts as failed.
 *
 * On the first run this still is the machine's own Node, because the shell has looked `node` up before it was installed; what
 * `npm run` starts is the repo's own.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const runs = ".turbo/runs";
rmSync(runs, { recursive: true, force: true });
const { status } = spawnSync("npm run --silent check", {
  shell: true,
  stdio: ["ignore", "inherit", "inherit"],
  env: {
    TURBO_TELEMETRY_DISABLED: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
    ...(process.stdout.isTTY ? {} : { NO_COLOR: "1" }),
    // A Docker daemon that happens to run must not decide what CI tests.
    ...(process.env.CI === "true" ? { WAYBILL_TEST_SOURCES: "native" } : {}),
    ...process.env,
  },
});

const summaries = existsSync(runs) ? readdirSync(runs).map((file) => read(join(runs, file))) : [];
const tasks = summaries.flatMap((summary) => summary.tasks);
const total = { passed: 0, failed: 0, skipped: 0 };
const cached = new Map();
const broken = [];
const failures = [];

for (const task of tasks) {
  const counts = task.task === "test" ? countTests(task) : countCheck(task);
  for (const kind of Object.keys(total)) total[kind] += counts[kind];
  if (counts.failed > 0) broken.push(name(task));
  if (task.cache.status === "HIT") cached.set(task.task, (cached.get(task.task) ?? 0) + 1);
}
if (status !== 0 && total.failed === 0) {
  total.failed += 1;
  broken.push("turbo itself");
}
// A turbo that is ended from outside says that all is well, and leaves out what had not ended.
const unfinished = summaries.reduce(
  (sum, { execution }) => sum + execution.attempted - execution.success - execution.failed,
  0,
);
if (unfinished > 0 && total.failed === 0) {
  total.failed += unfinished;
  broken.push(`${unfinished} tasks that were cut short`);
}

console.log();
for (const failure of failures) console.log(`${failure}\n`);
if (cached.size > 0) {
  const names = [...cached].map(([task, times]) => (times === 1 ? task : `${task} of ${times} packages`));
  console.log(`Skipped, unchanged since they passed: ${names.join(", ")}`);
}
if (broken.length > 0) console.log(`Failed, see above: ${broken.join(", ")}`);
if (broken.includes("build")) console.log("Not run, because the build failed: lint, packaging and all tests");
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;

/** One for the whole check. */
function countCheck(task) {
  const passed = task.execution?.exitCode === 0;
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

/** What a package's vitest has reported; a run that fails without a failed test (a file that does not load) is one failure. */
function countTests(task) {
  const tests = report(task).flatMap((file) => file.assertionResults);
  const count = (state) => tests.filter((test) => test.status === state).length;
  const passed = count("passed");
  const failed = count("failed");
  const skipped = tests.filter((test) => test.status !== "passed" && test.status !== "failed");
  for (const test of skipped) console.log(`Skipped in ${name(task)}: ${test.fullName}`);
  for (const test of tests.filter(({ status }) => status === "failed")) {
    failures.push(`Failed in ${name(task)}: ${test.fullName}\n${test.failureMessages.join("\n")}`);
  }
  const crashed = task.execution?.exitCode !== 0 && failed === 0 ? 1 : 0;
  if (crashed > 0) failures.push(`Failed in ${name(task)}, though none of its tests:\n${endOfLog(task)}`);
  const refused = process.env.CI === "true" ? skipped.length : 0;
  return { passed, failed: failed + crashed + refused, skipped: skipped.length - refused };
}

/** The test files in a task's report; none, if it broke down before it could write one and only an older one is there. */
function report(task) {
  const file = join(task.directory, ".vitest/report.json");
  if (!existsSync(file)) return [];
  const { startTime, testResults } = read(file);
  return task.cache.status === "HIT" || startTime >= task.execution.startTime ? testResults : [];
}

/** What a task has printed from the first error on that belongs to no test, or else last. */
function endOfLog({ logFile }) {
  if (logFile === undefined || !existsSync(logFile)) return "it has left no log";
  const lines = readFileSync(logFile, "utf8").trimEnd().split("\n");
  const first = lines.findIndex((line) => /⎯ (Failed Suites|Unhandled)/.test(line));
  const from = first < 0 ? Math.max(lines.length - 40, 0) : first;
  return lines.slice(from, from + 80).join("\n");
}

function name(task) {
  return task.package === "//" ? task.task : `${task.package} ${task.task}`;
}

function read(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}
