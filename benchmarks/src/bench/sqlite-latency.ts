import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connect } from "@waybill/core";
import { startConsumer } from "../consumer.ts";
import type { Figure } from "../figure.ts";
import { oneOrder } from "../schemas.ts";
import { scratch } from "../scratch.ts";
import { orders } from "../topics.ts";

const count = 200;
const idleMs = 5_000;

/** From publish to handler in another process, one message every 20 ms; and what that process costs while nothing happens. */
export async function measure(): Promise<readonly Figure[]> {
  using directory = scratch();
  const url = `sqlite:${join(directory.path, "bench.db")}`;
  const { consumed, cpu } = await startConsumer(url, count, "unordered");
  await using bus = await connect(url);
  await bus.producer(orders).publish(oneOrder);
  await pause(500);
  const from = await cpu();
  await pause(idleMs);
  const idle = (await cpu()) - from;
  for (let sent = 1; sent < count; sent += 1) {
    await pause(20);
    await bus.publish(orders, oneOrder);
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
    { what: "CPU of an idle consumer's process", unit: "%", value: (100 * idle) / idleMs, better: "less", goal: 1 },
  ];
}
