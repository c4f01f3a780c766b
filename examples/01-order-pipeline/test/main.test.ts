import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { orSkip, startBroker } from "@waybill/testing";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { generateOrders } from "../src/generate.ts";
import { faultOf } from "../src/payments.ts";
import { type Main, outputShape, startMain } from "./start-main.ts";

// Whole runs, each of half a dozen processes, also where other tests run beside them.
vi.setConfig({ testTimeout: 90_000 });

/** 300 orders, a few of which fail for good. */
const lines = generateOrders(6_000, 7)
  .trim()
  .split("\n")
  .filter((line, index) => index < 290 || ["down", "refused"].includes(faultOf(orderIdOf(line)) ?? ""))
  .slice(0, 300);

let folder = "";
let input = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "waybill-test-"));
  input = join(folder, "orders.ndjson");
  writeFileSync(input, `${lines.join("\n")}\n`);
});
afterEach(() => rmSync(folder, { recursive: true }));

function orderIdOf(line: string): string {
  return (JSON.parse(line) as { readonly orderId: string }).orderId;
}

/** The row of a group in the summary: received, handled, retried, dead, redriven, duplicates, cut short. */
function figures(output: string, group: string): readonly number[] {
  const row = output.split("\n").find((line) => new RegExp(`^${group} .*\\d$`).test(line)) ?? "";
  const numbers = row.split(/\s+/).slice(1, -1);
  return numbers.map((number) => Number(number.replaceAll(",", "")));
}

/** The keys of a Redis that do not end by themselves. */
async function lastingKeys(url: string): Promise<readonly string[]> {
  const client = new Redis(url);
  const keys = await client.keys("*");
  const ends = await Promise.all(keys.map((key) => client.pttl(key)));
  await client.quit();
  return keys.filter((_, index) => ends[index] === -1);
}

const redis = await orSkip(startBroker("redis"));
const rabbitmq = await orSkip(startBroker("rabbitmq"));
const kafka = await orSkip(startBroker("kafka"));
const sqs = await orSkip(startBroker("sqs", { server: "fauxqs", keeps: false }));
afterAll(() => Promise.all([redis?.stop(), rabbitmq?.stop(), kafka?.stop(), sqs?.stop()]));

const brokers: readonly (readonly [string, string | undefined])[] = [
  ["memory:", "memory:"],
  ["a SQLite file of its own", undefined],
  ...(redis === undefined ? [] : ([["Redis", redis.url]] as const)),
  ...(rabbitmq === undefined ? [] : ([["RabbitMQ", rabbitmq.url]] as const)),
  ...(kafka === undefined ? [] : ([["Kafka", `${kafka.url}?leaseMs=2000`]] as const)),
  ...(sqs === undefined ? [] : ([["SQS and SNS", sqs.url]] as const)),
];

describe.each(brokers)("over %s", (_, url) => {
  test("300 orders are billed, shipped and mailed, and every sum balances", async () => {
    const { exitCode, stdout, stderr } = await startMain({ args: [input], url, folder }).ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const count = (fault: string): number => lines.filter((line) => faultOf(orderIdOf(line)) === fault).length;
    const dead = count("down") + count("refused");
    const retried = 2 * count("flaky") + 3 * count("down");
    const [received = 0, handled, ...billing] = figures(stdout, "billing");
    const [duplicates = 0, cutShort = 0] = billing.slice(3);
    expect([handled, ...billing.slice(0, 3)]).toEqual([300, retried, dead, dead]);
    expect(received - duplicates - cutShort).toBe(300 + retried + dead);
    expect(figures(stdout, "shipping").slice(1, 5)).toEqual([300, 0, 0, 0]);
    expect(figures(stdout, "email").slice(1, 5)).toEqual([300, 0, 0, 0]);
    expect(stdout).toMatch(/^ +permanent +1 +o-\d+ +CardRefused: the bank/m);
    expect(stdout).toMatch(/^ +exhausted +4 +o-\d+ +Error: the payment provider/m);
    expect(stdout).toContain("All sums balance.");
    expect(readdirSync(folder), "what the run has made is removed").toEqual(["orders.ndjson"]);
  });

  test("standard input does as well, malformed lines are named and left out", async () => {
    const main = startMain({ args: ["-"], url, folder });
    main.stdin.end(["", '{"orderId":', lines[0], "{}", lines[0], lines[1]].join("\n"));
    const { exitCode, stdout, stderr } = await main.ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: "" });
    expect(stdout).toMatch(/^line 2: not JSON: /m);
    expect(stdout).toMatch(/^line 4: orderId: .*; customerId: /m);
    expect(stdout).toMatch(/^line 5: orderId: "o-00001" stands in line 3 already$/m);
    expect(stdout).toContain("Malformed lines left out: 3 (2, 4, 5)");
    expect(figures(stdout, "email")[1]).toBe(2);
    expect(stdout).toContain("All sums balance.");
  });

  test("an interruption ends every service and leaves nothing behind", async () => {
    const main = startMain({ args: ["-"], url, folder });
    main.stdin.write(`${lines.join("\n")}\n`);
    await main.printed(/billing [1-9]/);
    main.kill("SIGINT");
    const { exitCode, stderr } = await main.ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: "error: interrupted by SIGINT\n" });
    expect(readdirSync(folder)).toEqual(["orders.ndjson"]);
  });

  test("no orders are no problem", async () => {
    const main = startMain({ args: ["-"], url, folder });
    main.stdin.end();
    const { exitCode, stdout } = await main.ended;
    expect(exitCode).toBe(0);
    expect(stdout).toContain("There are no orders.");
    expect(stdout).not.toContain("Half-way");
  });
});

test("the shipped orders over SQLite print what the README shows", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const shown = /```text\n(Billing ×2[^]*?)```/.exec(readme)?.[1] ?? "";
  const { exitCode, stdout } = await startMain({ args: [], url: undefined, folder }).ended;
  expect(exitCode).toBe(0);
  expect(outputShape(stdout)).toBe(outputShape(shown));
});

test("a database of the user's own may hold an earlier run", async () => {
  const url = `sqlite:${join(folder, "mine.db")}`;
  for (const _ of [1, 2]) {
    const { exitCode, stderr } = await startMain({ args: [input], url, folder }).ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  }
  expect(readdirSync(folder)).toContain("mine.db");
});

test.skipIf(redis === undefined)("a Redis that others use keeps none of a run's messages and topics", async () => {
  const before = await lastingKeys(redis?.url ?? "");
  const start = (arg: string): Main => startMain({ args: [arg], url: redis?.url, folder });
  const interrupted = start("-");
  interrupted.stdin.write(`${lines.join("\n")}\n`);
  const whole = [start(input), start(input)];
  await interrupted.printed(/billing [1-9]/);
  interrupted.kill("SIGINT");
  const ends = await Promise.all([...whole, interrupted].map(({ ended }) => ended));
  expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0, 130]);
  const left = (await lastingKeys(redis?.url ?? "")).filter((key) => !before.includes(key));
  const layout = expect.stringMatching(/^wb:\{orders-\w+\}\/layout$/) as string;
  expect(left).toEqual([layout, layout, layout]);
});

test.skipIf(rabbitmq === undefined)(
  "a RabbitMQ that others use keeps of a run its empty delay, and no other queue",
  async () => {
    const left = async (): Promise<readonly string[]> => {
      const queues = (await rabbitmq?.administer("list_queues", "--quiet", "name", "messages")) ?? "";
      return queues.split("\n").filter((line) => line !== "" && !/:(delay:\d+|nowhere)\t0$/.test(line));
    };
    const before = await left();
    const { exitCode } = await startMain({ args: [input], url: rabbitmq?.url, folder }).ended;
    expect(exitCode).toBe(0);
    expect(await left()).toEqual(before);
  },
);

test("a file that is not there is named", async () => {
  const { exitCode, stdout, stderr } = await startMain({ args: ["other.ndjson"], url: "memory:", folder }).ended;
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `error: there is no file ${join(folder, "other.ndjson")}\n`,
  });
});

test("a broker that cannot be used is named", async () => {
  const { exitCode, stdout, stderr } = await startMain({ args: [], url: "pigeon:", folder }).ended;
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(stderr).toContain('error: no adapter for "pigeon:"');
});

test("--help says what there is", async () => {
  const { exitCode, stdout } = await startMain({ args: ["--help"], url: undefined, folder }).ended;
  expect(exitCode).toBe(0);
  expect(stdout).toContain("npm start -- my-orders.ndjson");
});
