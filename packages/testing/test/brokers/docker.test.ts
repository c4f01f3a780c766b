import { spawn } from "node:child_process";
import process from "node:process";
import { debianRoot, debianServer } from "@waybill/test-servers";
import { Redis } from "ioredis";
import { getContainerRuntimeClient } from "testcontainers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { type RedisOptions, NoBrokerError, startBroker } from "../../src/index.ts";
import { type DockerDaemon, dockerDaemon } from "./docker-daemon.ts";

/*
 * The path of testcontainers, with an image that is made here of Debian's packages, because CI reaches no registry of images.
 */

const image = "waybill/redis";
const isWanted = process.env["CI"] === "true" || process.env["WAYBILL_TEST_ALL"] === "true";
const byDocker: RedisOptions = { sources: ["docker"], image };
let daemon: DockerDaemon | undefined;

beforeAll(async () => {
  if (!isWanted) {
    process.stderr.write(
      "waybill: tests of containers are skipped: set WAYBILL_TEST_ALL=true to start a Docker daemon\n",
    );
    return;
  }
  await debianServer("redis-server");
  daemon = await dockerDaemon();
  vi.stubEnv("DOCKER_HOST", `unix://${daemon.socket}`);
  vi.stubEnv("TESTCONTAINERS_RYUK_DISABLED", "true");
  await makeImage();
}, 180_000);

afterAll(() => daemon?.stop());

describe.skipIf(!isWanted)("a broker in a container", () => {
  test("is killed, paused and restarted on the same data", async () => {
    const broker = await startBroker("redis", byDocker);
    onTestFinished(() => broker.stop());
    expect(broker).toMatchObject({ kind: "redis", source: "docker", isPrivate: true });
    expect(broker.version).toMatch(/^8\.0\./);
    const redis = client(broker.url);
    await redis.set("n", "1");

    await expect(broker.administer("anything")).rejects.toThrow("a redis server has no tool of administration");
    await broker.kill();
    await expect(broker.kill()).rejects.toThrow("the redis server does not run; restart it first");
    await broker.restart();
    expect(await redis.get("n")).toBe("1");

    await broker.pause();
    const answer = redis.incr("n");
    await expect(client(broker.url, 200).ping()).rejects.toThrow("Command timed out");
    await broker.resume();
    expect(await answer).toBe(2);

    await broker.pause();
    await broker.restart();
    expect(await redis.get("n")).toBe("2");

    await broker.stop();
    await broker.stop();
    await expect(broker.restart()).rejects.toThrow("the redis server has been stopped; start another one");
    expect(await containers()).toEqual([]);
  });

  test("that does not start says why", async () => {
    await expect(startBroker("redis", { ...byDocker, args: ["--no-such-option", "1"] })).rejects.toThrow(
      /did not start[^]*no-such-option/,
    );
    expect(await containers()).toEqual([]);
  });

  test("whose image cannot be had gives way to the next source, with a line on stderr", async () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    onTestFinished(() => write.mockRestore());
    await using broker = await startBroker("redis", { sources: ["docker", "native"], image: "127.0.0.1:1/none" });
    expect(broker.source).toBe("native");
    expect(write.mock.calls.map(([text]) => text)).toEqual([
      "waybill: no redis server by Docker: the image 127.0.0.1:1/none can neither be found nor pulled\n",
    ]);
  });
});

test("a container is not asked for what it cannot be given", async () => {
  await expect(startBroker("redis", { ...byDocker, command: ["valkey-server"] })).rejects.toThrow(NoBrokerError);
});

function client(url: string, commandTimeout?: number): Redis {
  const redis = new Redis(url, commandTimeout === undefined ? {} : { commandTimeout, retryStrategy: () => null });
  redis.on("error", () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

async function containers(): Promise<readonly string[]> {
  const { dockerode } = (await getContainerRuntimeClient()).container;
  return (await dockerode.listContainers({ all: true })).map(({ Image }) => Image);
}

async function makeImage(): Promise<void> {
  const { dockerode } = (await getContainerRuntimeClient()).container;
  const tar = spawn("tar", ["--create", "--directory", debianRoot, "."], { stdio: ["ignore", "pipe", "inherit"] });
  const answer = await dockerode.importImage(tar.stdout, {
    repo: image,
    changes: 'ENTRYPOINT ["/usr/bin/redis-server"]',
  });
  for await (const line of answer) expect(String(line)).not.toContain("error");
}
