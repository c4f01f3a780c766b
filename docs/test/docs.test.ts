import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, expect, test } from "vitest";
import { compile, write } from "./compile.ts";
import { filesOf } from "./pages.ts";
import { type Program, programsOf } from "./programs.ts";
import { run } from "./run.ts";

/*
 * The pages' programs are compiled as they stand and run as they stand, on two carriers. One that imports a file of its
 * reader's, or needs AWS or a Kafka, is only compiled. The reader's Redis and RabbitMQ are ours.
 */

const brokers = {
  redis: await orSkip(startBroker("redis")),
  amqp: await orSkip(startBroker("rabbitmq")),
};
afterAll(() => Promise.all([brokers.redis?.stop(), brokers.amqp?.stop()]));

const pages = ["README.md", "{adapters,packages}/*/README.md", "conformance-tests/README.md", "docs/guide/*.md"];
const carriers = ["memory:", "sqlite:./waybill.db"];

const programs = new Map<string, Program>();
for (const [page, text] of await filesOf(pages)) {
  for (const program of programsOf(text)) {
    const source = program.source.replaceAll(
      /(redis|amqp):\/\/localhost(:\d+)?/g,
      (url, scheme: keyof typeof brokers) => brokers[scheme]?.url ?? url,
    );
    programs.set(`${page}:${program.line}`, { ...program, source });
  }
}
const files = await write(programs);
const runs = [...programs].flatMap(([name, program]) => {
  const needsOther = /"((redis|amqp):\/\/localhost|sqs:|kafka:)/.test(program.source);
  if (program.source.includes(' from "./') || needsOther) return [];
  return (program.source.includes("WAYBILL_URL") ? carriers : ["memory:"]).map((url) => ({ name, url, ...program }));
});

test("the pages' programs compile", async () => {
  expect(files.size).toBeGreaterThan(0);
  expect(await compile()).toBe("");
});

test.each(runs)("$name does on $url what the page says", async ({ name, url, source, output }) => {
  const ended = await run(files.get(name) ?? "", url, source.includes("SIGINT") ? output[0] : undefined);
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  expect(ended.stdout.slice(0, output.join("").length)).toBe(output.join(""));
});
