import { fork } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Figure, rows } from "./figure.ts";

const benches = [
  "core-policy",
  "middleware",
  "memory",
  "sqlite-publish",
  "sqlite-pipeline",
  "sqlite-idempotency",
  "sqlite-latency",
  "sqlite-claim",
  "sqlite-topology",
  "redis-publish",
  "redis-consume",
  "redis-latency",
  "redis-bullmq",
  "redis-backlog",
  "redis-topology",
  "redis-idle",
  "rabbitmq-publish",
  "rabbitmq-consume",
  "rabbitmq-latency",
  "rabbitmq-peers",
  "rabbitmq-order",
  "rabbitmq-backlog",
  "rabbitmq-groups",
  "kafka-publish",
  "kafka-consume",
  "kafka-latency",
  "kafka-order",
  "kafka-backlog",
  "kafka-transactions",
  "kafka-peers",
  "sqs-publish",
  "sqs-consume",
  "sqs-latency",
  "sqs-idle",
];

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    only: { type: "string", multiple: true, default: benches },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(
    `npm run bench -- [--runs 5] [--only ${benches.join("|")}] [--write]   (--write: into benchmarks/README.md)`,
  );
} else {
  const table = await measureAll(values.only, Number(values.runs));
  console.log(table);
  if (values.write) write(table);
}

/** Every bench several times, round by round, so that a slow minute of the machine does not hit one bench alone. */
async function measureAll(names: readonly string[], runs: number): Promise<string> {
  const results = new Map<string, (readonly Figure[])[]>(names.map((name) => [name, []]));
  for (let run = 1; run <= runs; run += 1) {
    for (const name of names) {
      console.error(`run ${run} of ${runs}: ${name}`);
      results.get(name)?.push(await measure(name));
    }
  }
  const [cpu] = cpus();
  return [
    `Median of ${runs} runs on ${cpus().length} × ${cpu?.model.trim()}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}.`,
    "",
    "| what | median | range | asked for | met |",
    "|---|---|---|---|---|",
    ...[...results.values()].flatMap(rows),
  ].join("\n");
}

/** One bench in a process of its own. */
function measure(name: string): Promise<readonly Figure[]> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL("./one.js", import.meta.url)), [name]);
    let figures: readonly Figure[] | undefined;
    child.on("message", (message) => (figures = message as readonly Figure[]));
    child.on("exit", (code) =>
      figures === undefined ? reject(new Error(`${name} ended with ${code}`)) : resolve(figures),
    );
  });
}

function write(table: string): void {
  const file = new URL("../README.md", import.meta.url);
  const text = readFileSync(file, "utf8");
  const marked = /(<!-- bench:start -->\n)[\s\S]*(<!-- bench:end -->)/;
  writeFileSync(
    file,
    text.replace(marked, (_all, start: string, end: string) => `${start}${table}\n${end}`),
  );
}
