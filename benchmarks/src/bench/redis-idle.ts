import { setTimeout as pause } from "node:timers/promises";
import { connect, topic } from "@waybill/core";
import type { Figure } from "../figure.ts";
import { startRedis } from "../redis-server.ts";
import { order } from "../schemas.ts";

const subscriptions = 20;
const idleMs = 15_000;

/** What subscriptions cost while nothing happens: this process's CPU time, and what they ask of the server. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startRedis();
  await using bus = await connect(server.url);
  for (let index = 0; index < subscriptions; index += 1) {
    await bus.subscribe(topic(`topic.t-${index}`, { schema: order }), { group: "bench" }, () => undefined);
  }
  await pause(2_000);
  const commands = await server.commands();
  const cpu = process.cpuUsage();
  await pause(idleMs);
  const { user, system } = process.cpuUsage(cpu);
  const asked = (await server.commands()) - commands - 1;
  return [
    {
      what: `CPU of ${subscriptions} idle subscriptions on Redis`,
      unit: "%",
      value: (user + system) / 10 / idleMs,
      better: "less",
      goal: 1,
    },
    {
      what: "commands the server does for them, those within scripts too",
      unit: "/s",
      value: asked / (idleMs / 1_000),
      better: "less",
      goal: 40,
    },
  ];
}
