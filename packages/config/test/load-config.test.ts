import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig, resolveConfig } from "@waybill/config";
import { connect, queue } from "@waybill/core";
import { sqlite } from "@waybill/sqlite";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { folderWith, rejection } from "./support.ts";

describe("what is said in several places", () => {
  const file = { url: "memory:file", namespace: "file", source: "file", topology: "verify" };
  const environment = { WAYBILL_URL: "memory:environment", WAYBILL_NAMESPACE: "environment", WAYBILL_SOURCE: "" };

  test("counts from the argument before the environment, the file and the defaults, and each says where from", async () => {
    const folder = await folderWith({ "waybill.config.json": file });
    const override = { url: "memory:argument", namespace: undefined };
    const { settings, origins, ...rest } = await resolveConfig({ folder, environment, override });
    expect(settings).toEqual({ url: "memory:argument", namespace: "environment", source: "file", topology: "verify" });
    expect(origins).toEqual({ url: "argument", namespace: "WAYBILL_NAMESPACE", source: "file", topology: "file" });
    expect(rest.file).toBe(join(folder, "waybill.config.json"));
  });

  test("the environment alone is enough", async () => {
    const folder = await folderWith({ "package.json": {} });
    expect(await loadConfig({ folder, environment })).toEqual({ url: "memory:environment", namespace: "environment" });
  });

  test("no URL anywhere is refused, and said where to give one", async () => {
    const folder = await folderWith({ "package.json": {} });
    const { code, message } = await rejection(loadConfig({ folder, environment: {} }));
    expect(code).toBe("CONFIG");
    expect(message).toMatch(/a mistake:\n {2}url: is missing; .*waybill\.config.*WAYBILL_URL$/);
  });
});

test("every mistake is named at once, by its path and the sort of value, and no value is repeated", async () => {
  const folder = await folderWith({
    "waybill.config.json": {
      url: "amqp//user:s3cret@host",
      namespase: "s3cret",
      namespace: "a..s3cret",
      source: "",
      topology: "s3cret",
      publishTimeout: "s3cret",
      maxBufferedBytes: 1.5,
      adapters: { sqlite: "s3cret" },
      consumers: {
        "order.placed/billing": {
          concurency: 3,
          concurrency: 0,
          retry: { maxAttempts: "s3cret", delay: { exponential: "s3cret", maks: "5m", jitter: 2 } },
          timeout: 0,
        },
        a: { retry: { delay: { ladder: [] } }, maxHeldBytes: true, newer: "s3cret", delivery: "s3cret" },
        b: { retry: { delay: { ladder: ["1s", "s3cret"] } } },
        c: { retry: { delay: { max: "5m" } } },
        d: { retry: { delay: ["1s"] } },
        e: null,
      },
    },
  });
  const environment = {
    WAYBILL_URLL: "s3cret",
    WAYBILL_LOG: "s3cret",
    WAYBILL_PUBLISH_TIMEOUT: "-5",
    WAYBILL_TOPOLOGY: "s3cret",
    WAYBILL_SERVICE_HOST: "10.0.0.1",
    WAYBILL_SEED: "7",
    WAYBILL_TEST_REDIS_URL: "redis://127.0.0.1",
    WAYBILL_PORT_80_TCP: "tcp://10.0.0.1:80",
  };
  const { code, message } = await rejection(loadConfig({ folder, environment }));
  const name = "give a name: up to 255 bytes in segments between dots, none of them empty or a wildcard";
  const time = `a number of ms, or a string such as "250ms", "5s", "5m"`;
  const [head, ...lines] = message.split("\n");
  expect(code).toBe("CONFIG");
  expect(head).toBe(`the configuration (${join(folder, "waybill.config.json")}) has 27 mistakes:`);
  expect(lines.map((line) => line.trim()).toSorted()).toEqual(
    [
      `url: is a string; give a URL such as "memory:" or "sqlite:./waybill.db"`,
      `namespase: is unknown; did you mean "namespace"?`,
      `namespace: is a string; ${name}`,
      `source: is an empty string; ${name}`,
      `topology: is a string; give "create" or "verify"`,
      `publishTimeout: is a string; give ${time}`,
      `maxBufferedBytes: is a number; give a whole number of at least 1`,
      `adapters.sqlite: is a string; give an object`,
      `consumers["order.placed/billing"].concurency: is unknown; did you mean "concurrency"?`,
      `consumers["order.placed/billing"].concurrency: is a number; give a whole number of at least 1`,
      `consumers["order.placed/billing"].retry.maxAttempts: is a string; give a whole number of at least 1`,
      `consumers["order.placed/billing"].retry.delay.exponential: is a string; give ${time}`,
      `consumers["order.placed/billing"].retry.delay.maks: is unknown; did you mean "max"?`,
      `consumers["order.placed/billing"].retry.delay.jitter: is a number; give a number from 0 to 1`,
      `consumers["order.placed/billing"].timeout: is a number; give a time above 0: ${time}`,
      `consumers.a.retry.delay.ladder: is an array; give an array of at least one time`,
      `consumers.a.maxHeldBytes: is a boolean; give a whole number of at least 1`,
      `consumers.a.newer: is a string; give "dead-letter" or "wait"`,
      `consumers.a.delivery: is a string; give "at-least-once" or "at-most-once"`,
      `consumers.b.retry.delay.ladder[1]: is a string; give ${time}`,
      `consumers.c.retry.delay.exponential: is missing; give ${time}`,
      `consumers.d.retry.delay: is an array; give ${time}`,
      `consumers.e: is null; give an object with concurrency, retry, timeout, delivery, maxHeldBytes, newer`,
      `WAYBILL_URLL: is unknown; did you mean "WAYBILL_URL"?`,
      `WAYBILL_LOG: is unknown; known are WAYBILL_URL, WAYBILL_NAMESPACE, WAYBILL_SOURCE, WAYBILL_TOPOLOGY, WAYBILL_PUBLISH_TIMEOUT, WAYBILL_MAX_BUFFERED_BYTES, WAYBILL_CONFIG`,
      `WAYBILL_PUBLISH_TIMEOUT: is a number; give ${time}`,
      `WAYBILL_TOPOLOGY: is a string; give "create" or "verify"`,
    ].toSorted(),
  );
  expect(message).not.toContain("s3cret");
});

describe("a relative path in the URL", () => {
  test.each([
    ["sqlite:./waybill.db", "waybill.db"],
    ["sqlite:../other place/waybill.db?leaseMs=5000", "../other%20place/waybill.db?leaseMs=5000"],
  ])("%s starts where the file is", async (url, path) => {
    const folder = await folderWith({ "waybill.config.json": { url }, "package.json": {} });
    await mkdir(join(folder, "src"));
    const settings = await loadConfig({ folder: join(folder, "src"), environment: {} });
    expect(settings.url).toBe(`sqlite:${new URL(path, `file://${folder}/`).pathname}${path.split(/(?=\?)/)[1] ?? ""}`);
  });

  test.each(["memory:name", "sqlite:/absolute/waybill.db", "kafka://h1,h2/x"])("%s stays as it is", async (url) => {
    const folder = await folderWith({ "waybill.config.json": { url } });
    expect((await loadConfig({ folder, environment: {} })).url).toBe(url);
  });
});

describe("which file", () => {
  test("may be said, as an option or in the environment, from the folder on", async () => {
    const folder = await folderWith({ "one.json": { url: "memory:one" }, "two.json": { url: "memory:two" } });
    const environment = { WAYBILL_CONFIG: "two.json" };
    expect((await loadConfig({ folder, environment })).url).toBe("memory:two");
    expect((await loadConfig({ folder, environment, file: "one.json" })).url).toBe("memory:one");
  });

  test("that is not there is refused, naming it", async () => {
    const folder = await folderWith();
    const { code, message } = await rejection(loadConfig({ folder, environment: {}, file: "none.json" }));
    expect(code).toBe("CONFIG");
    expect(message).toContain(`${join(folder, "none.json")} cannot be read: ENOENT`);
  });
});

test("connect(await loadConfig()) has the adapter's section and the consumers' tunables", async () => {
  const folder = await folderWith();
  const content = {
    url: "sqlite:./waybill.db",
    adapters: { sqlite: { leaseMs: 4_321 }, rabbitmq: { heartbeat: 5 } },
    consumers: { jobs: { retry: { maxAttempts: 1 } } },
  };
  await writeFile(join(folder, "waybill.config.json"), JSON.stringify(content));
  const jobs = queue("jobs", { schema: z.object({}) });
  await using bus = await connect(await loadConfig({ folder, environment: {} }));
  expect(bus.manifest(jobs).leaseMs).toBe(4_321);
  const failed = Promise.withResolvers<void>();
  await bus.work(jobs, { retry: { maxAttempts: 3, delay: "1h" } }, () => {
    failed.resolve();
    throw new Error("no luck");
  });
  await bus.send(jobs, {});
  await failed.promise;
  await expect.poll(() => bus.inbox(jobs).stats()).toMatchObject({ dead: 1, delayed: 0 });
});

test("an adapter's own flaw is named with its section", async () => {
  const folder = await folderWith({
    "waybill.config.json": { url: "sqlite:./waybill.db", adapters: { sqlite: { leasems: 5 } } },
  });
  const { code, message } = await rejection(
    connect({ ...(await loadConfig({ folder, environment: {} })), adapters: [sqlite] }),
  );
  expect(code).toBe("CONFIG");
  expect(message).toMatch(/^adapters\.sqlite or the URL: sqlite: knows no setting "leasems"/);
});
