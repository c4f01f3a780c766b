import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connect, topic } from "@waybill/core";
import { startConsumer } from "../consumer.ts";
import type { Figure } from "../figure.ts";
import { oneOrder, order } from "../schemas.ts";
import { scratch } from "../scratch.ts";

const to = topic("order.placed", { schema: order });
const count = 200;

/** From publish to handler in another process, one message every 20 ms; and what both processes cost while nothing happens. */
export async function measure(): Promise<readonly Figure[]> {
  using directory = scratch();
  const url = `sqlite:${join(directory.path, "bench.db")}`;
  const { consumed } = await startConsumer(url, count);
  await using bus = await connect(url);
  await bus.producer(to).publish(oneOrder);
  await pause(500);
  const from = process.cpuUsage();
  await pause(3_000);
  const { user, system } = process.cpuUsage(from);
  for (let sent = 1; sent < count; sent += 1) {
    await pause(20);
    await bus.publish(to, oneOrder);
  }
  const latencies = (await consumed).latencies.toSorted((one, other) => one - other);
  const at = (share: number): number => latencies[Math.floor(share * (count - 1))] ?? Number.NaN;
  return [
    {
      what: "SQLite, publish to handler in another process, idle, p50",
      unit: "ms",
      value: at(0.5),
      better: "less",
      goal: 10,
    },
    { what: "the same, p99", unit: "ms", value: at(0.99), better: "less", goal: 50 },
    { what: "CPU of an idle connection", unit: "%", value: (user + system) / 30_000, better: "less", goal: 1 },
  ];
}
