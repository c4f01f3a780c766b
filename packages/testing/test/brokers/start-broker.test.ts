import process from "node:process";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type Broker, NoBrokerError, orSkip, startBroker } from "../../src/index.ts";
import { hasRedis } from "./has-redis.ts";

const isThere = await hasRedis();

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

async function privateRedis(): Promise<Broker> {
  const broker = await startBroker("redis", { sources: ["native"] });
  onTestFinished(() => broker.stop());
  return broker;
}

describe.skipIf(!isThere)("a broker whose URL stands in the environment", () => {
  test("comes before all others, and cannot be controlled", async () => {
    const { url, version } = await privateRedis();
    vi.stubEnv("WAYBILL_TEST_SOURCES", "");
    vi.stubEnv("WAYBILL_TEST_REDIS_URL", url);
    const broker = await startBroker("redis");
    expect(broker).toMatchObject({ kind: "redis", url, version, source: "url", isPrivate: false });
    for (const control of ["kill", "pause", "resume", "restart"] as const) {
      await expect(broker[control]()).rejects.toThrow(
        /WAYBILL_TEST_REDIS_URL cannot be .* unset WAYBILL_TEST_REDIS_URL/,
      );
    }
    await expect(broker.administer("anything")).rejects.toThrow("cannot be administered by a test");
    await broker.stop();
    expect(await startBroker("redis")).toMatchObject({ url });
  });

  test("is passed over where the options ask for what only a private one can give", async () => {
    vi.stubEnv("WAYBILL_TEST_REDIS_URL", "redis://127.0.0.1:1");
    await using broker = await startBroker("redis", { sources: ["url", "native"], args: ["--maxmemory", "10mb"] });
    expect(broker.source).toBe("native");
  });

  test("that does not answer is an error, and shows no password", async () => {
    vi.stubEnv("WAYBILL_TEST_REDIS_URL", "redis://:secret@127.0.0.1:1");
    const failed: unknown = await startBroker("redis", { sources: ["url"] }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ message: "the redis server of WAYBILL_TEST_REDIS_URL does not answer" });
    expect(String((failed as Error).cause)).not.toContain("secret");
  });
});

describe("where there is no broker", () => {
  test("the error says how to get one", async () => {
    vi.stubEnv("WAYBILL_TEST_REDIS_URL", "");
    const failed: unknown = await startBroker("redis", { sources: ["url"] }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(NoBrokerError);
    expect((failed as NoBrokerError).message).toMatch(/^no redis server here: install redis-server, .* is not set\)$/);
  });

  test("tests are skipped with one line on stderr", async () => {
    vi.stubEnv("CI", "");
    vi.stubEnv("WAYBILL_TEST_REDIS_URL", "");
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    expect(await orSkip(startBroker("redis", { sources: ["url"] }))).toBeUndefined();
    expect(write.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(/^waybill: tests are skipped: no redis server here: .*\n$/),
    ]);
  });

  test("with CI=true nothing is skipped", async () => {
    vi.stubEnv("CI", "true");
    vi.stubEnv("WAYBILL_TEST_REDIS_URL", "");
    await expect(orSkip(startBroker("redis", { sources: ["url"] }))).rejects.toThrow(NoBrokerError);
  });
});

test.skipIf(!isThere)("WAYBILL_TEST_SOURCES says where to look, and a typo in it is an error", async () => {
  vi.stubEnv("WAYBILL_TEST_SOURCES", "native");
  vi.stubEnv("WAYBILL_TEST_REDIS_URL", "redis://127.0.0.1:1");
  await using broker = await startBroker("redis");
  expect(broker.source).toBe("native");
  vi.stubEnv("WAYBILL_TEST_SOURCES", "natif");
  await expect(startBroker("redis")).rejects.toThrow(
    'WAYBILL_TEST_SOURCES names "natif"; give some of url,docker,native',
  );
});
