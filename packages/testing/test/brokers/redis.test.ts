import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type Broker, type RedisOptions, startBroker } from "../../src/index.ts";
import { askRedis } from "../../src/brokers/redis-link.ts";
import { hasRedis } from "./has-redis.ts";

const run = promisify(execFile);
const within = { timeout: 10_000 };

async function start(options: RedisOptions = {}): Promise<Broker> {
  const broker = await startBroker("redis", { sources: ["native"], ...options });
  onTestFinished(() => broker.stop());
  return broker;
}

const client = (url: string): Redis => {
  const redis = new Redis(url, { tls: url.startsWith("rediss:") ? { rejectUnauthorized: false } : undefined });
  redis.on("error", () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
};

describe.skipIf(!(await hasRedis()))("a Redis server of this machine", () => {
  test("listens at its URL on 127.0.0.1 and tells its version", async () => {
    const broker = await start();
    expect(broker).toMatchObject({ kind: "redis", source: "native", isPrivate: true });
    expect(broker.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(broker.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
    expect(await client(broker.url).ping()).toBe("PONG");
    await expect(broker.administer("anything")).rejects.toThrow("a redis server has no tool of administration");
  });

  test("is gone when it is killed, and back with its data and port when it is restarted", async () => {
    const broker = await start();
    await askRedis(broker.url, [["SET", "a", "1"]]);
    await broker.kill();
    await expect(askRedis(broker.url, [["PING"]])).rejects.toThrow(/ECONNREFUSED/);
    await expect(broker.kill()).rejects.toThrow("the redis server does not run; restart it first");
    await broker.restart();
    expect(await askRedis(broker.url, [["GET", "a"]])).toEqual(["1"]);
  });

  test("does not answer while it is paused, and loses nothing by it", async () => {
    const broker = await start();
    const redis = client(broker.url);
    await redis.ping();
    await broker.pause();
    const answer = redis.incr("n");
    await expect(askRedis(broker.url, [["PING"]])).rejects.toThrow(/no answer/);
    await broker.resume();
    expect(await answer).toBe(1);
  });

  test("is restarted also while it runs and while it is paused", async () => {
    const broker = await start();
    await askRedis(broker.url, [["SET", "a", "1"]]);
    await broker.restart();
    await broker.pause();
    await broker.restart();
    expect(await askRedis(broker.url, [["GET", "a"]])).toEqual(["1"]);
  });

  test("has no time to save anything when it is killed, and has when it is restarted", async () => {
    const broker = await start({ args: ["--appendonly", "no", "--save", "3600 1"] });
    await askRedis(broker.url, [["SET", "a", "saved"]]);
    await broker.restart();
    await askRedis(broker.url, [["SET", "a", "lost"]]);
    await broker.kill();
    await broker.restart();
    expect(await askRedis(broker.url, [["GET", "a"]])).toEqual(["saved"]);
  });

  test("is one of many", async () => {
    const brokers = await Promise.all(Array.from({ length: 5 }, () => start()));
    await Promise.all(brokers.map(({ url }) => askRedis(url, [["SET", "url", url]])));
    for (const { url } of brokers) expect(await askRedis(url, [["GET", "url"]])).toEqual([url]);
  });

  test("is killed also while it is paused", async () => {
    const broker = await start();
    await broker.pause();
    await broker.kill();
    await expect(askRedis(broker.url, [["PING"]])).rejects.toThrow(/ECONNREFUSED/);
  });

  test("leaves nothing behind when it is stopped, and stays stopped", async () => {
    const folder = await temporaryFolder();
    const broker = await start();
    expect(await readdir(folder)).toHaveLength(1);
    await broker.stop();
    await broker.stop();
    expect(await readdir(folder)).toEqual([]);
    await expect(broker.restart()).rejects.toThrow("the redis server has been stopped; start another one");
  });

  test("takes the port that it is given, and arguments", async () => {
    const { url } = await start({ args: ["--repl-diskless-sync-delay", "0"] });
    const replica = await start({ args: ["--replicaof", "127.0.0.1", new URL(url).port] });
    const redis = client(replica.url);
    await vi.waitFor(async () => expect(await redis.info("replication")).toContain("master_link_status:up"), within);
    await replica.stop();
    const again = await start({ port: Number(new URL(replica.url).port) });
    expect(again.url).toBe(replica.url);
  });

  test("may ask for a password", async () => {
    const broker = await start({ args: ["--requirepass", "secret"] });
    expect(broker.version).toBeUndefined();
    expect(await client(broker.url.replace("//", "//:secret@")).ping()).toBe("PONG");
  });

  test("may speak TLS alone", async () => {
    const folder = await temporaryFolder();
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost";
    await run("openssl", [...request.split(" "), "-keyout", key, "-out", cert]);
    const broker = await start({ tls: { key, cert, ca: cert } });
    expect(broker.url).toMatch(/^rediss:/);
    expect(await client(broker.url).ping()).toBe("PONG");
  });

  test("that does not start says why, and leaves nothing behind", async () => {
    const folder = await temporaryFolder();
    await expect(start({ args: ["--no-such-option", "1"] })).rejects.toThrow(/did not start[^]*no-such-option/);
    await expect(start({ command: ["/no/such/redis-server"] })).rejects.toThrow("did not start");
    expect(await readdir(folder)).toEqual([]);
  });

  test("dies with the process that started it, and its data goes too", async () => {
    const folder = await temporaryFolder();
    const fixture = fileURLToPath(new URL("fixtures/abandoned.ts", import.meta.url));
    const ended: unknown = await run(process.execPath, [fixture]).catch((error: unknown) => error);
    expect(ended).toMatchObject({ signal: "SIGKILL", stdout: expect.stringMatching(/^redis:/) as string });
    const { stdout: url } = ended as { readonly stdout: string };
    await vi.waitFor(() => expect(askRedis(url, [["PING"]])).rejects.toThrow(/ECONNREFUSED/), within);
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]), within);
  });
});

/** Where this test's temporary files go. */
async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "waybill-test-"));
  vi.stubEnv("TMPDIR", folder);
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

afterEach(() => vi.unstubAllEnvs());
