import { debianServer } from "@waybill/test-servers";
import { describe, expect, test } from "vitest";
import { startBroker } from "../../src/index.ts";

describe.each([
  { name: "redis-server", version: /^8\.0\./ },
  { name: "valkey-server", version: /^8\.1\./ },
] as const)("$name of Debian 13", async ({ name, version }) => {
  const command = await debianServer(name);

  test.skipIf(command === undefined)("runs beside the machine's own", async () => {
    await using broker = await startBroker("redis", { command });
    expect(broker).toMatchObject({ source: "native", version: expect.stringMatching(version) as string });
    await broker.kill();
    await broker.restart();
  });
});
