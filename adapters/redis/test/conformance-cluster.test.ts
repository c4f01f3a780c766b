import { conformance } from "@waybill/conformance";
import { adapter } from "@waybill/redis";
import { orSkip, startRedisCluster } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { options } from "./faults.ts";

const cluster = await orSkip(startRedisCluster());
test.skipIf(cluster === undefined)("there is a cluster", () => expect(cluster).toBeDefined());
if (cluster !== undefined) {
  afterAll(() => cluster.stop());
  const url = (): string => cluster.nodes[0]?.url ?? "";
  const controls = { processes: { module: "@waybill/redis" } };
  await conformance({ runner: { describe, test }, adapter, url, options: { ...options, cluster: true }, controls });
}
