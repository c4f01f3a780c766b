import { startBroker } from "@waybill/testing";
import { Redis } from "ioredis";
import type { CountedServer } from "./counted-server.ts";

export interface RedisServer extends CountedServer {
  /** How many commands it has done so far, those within scripts too; asking is one more. */
  commands(): Promise<number>;
}

/** Starts one that syncs its AOF every second; it never rewrites it, which would hit one of two that are compared. */
export async function startRedis(): Promise<RedisServer> {
  const args = ["--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0"];
  const broker = await startBroker("redis", { args });
  const client = new Redis(broker.url);
  const told = async (section: string, name: string): Promise<number> =>
    Number(new RegExp(`^${name}:(.*)$`, "m").exec(await client.info(section))?.[1]);
  return {
    url: broker.url,
    cpu: async () => ((await told("cpu", "used_cpu_user")) + (await told("cpu", "used_cpu_sys"))) * 1e6,
    commands: () => told("stats", "total_commands_processed"),
    async [Symbol.asyncDispose]() {
      client.disconnect();
      await broker.stop();
    },
  };
}
