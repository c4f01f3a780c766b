import { orSkip, startBroker } from "../../src/index.ts";

/** Whether Redis is on this machine; in CI it is installed here. Where it is not, a line on stderr has said so. */
export async function hasRedis(): Promise<boolean> {
  await using broker = await orSkip(startBroker("redis", { sources: ["native"] }));
  return broker !== undefined;
}
