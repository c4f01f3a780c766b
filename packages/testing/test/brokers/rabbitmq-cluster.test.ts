import { debianServer } from "@waybill/test-servers";
import { expect, onTestFinished, test, vi } from "vitest";
import { startRabbitmqCluster } from "../../src/index.ts";

const command = await debianServer("rabbitmq-server");
const within = { timeout: 30_000, interval: 100 };

test.skipIf(command === undefined)(
  "three nodes are one server, and one that died comes back to the others",
  { timeout: 120_000 },
  async () => {
    const cluster = await startRabbitmqCluster({ command });
    onTestFinished(() => cluster.stop());
    const [first, second] = cluster.nodes;
    await first?.administer("add_vhost", "orders");
    expect(await second?.administer("list_vhosts", "--quiet")).toContain("orders");

    const running = async (): Promise<number> => {
      const status: unknown = JSON.parse((await second?.administer("cluster_status", "--formatter", "json")) ?? "{}");
      return (status as { readonly running_nodes: readonly string[] }).running_nodes.length;
    };
    await first?.kill();
    await vi.waitFor(async () => expect(await running()).toBe(2), within);
    await first?.restart();
    await vi.waitFor(async () => expect(await running()).toBe(3), within);
  },
);
