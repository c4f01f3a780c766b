import { monitorEventLoopDelay } from "node:perf_hooks";
import { connect } from "@waybill/core";
import type { FromConsumer } from "./consumer.ts";
import { orders, ordersByKey } from "./topics.ts";

/**
 * The consuming half of the two-process benches: `consumer-process.js <url> <count> [ordered]` says `ready`, handles `count`
 * messages, and says when the last was settled, how long each took from publish to handler, how long its event loop was held up,
 * and how much memory it took. Asked meanwhile, it says how much CPU time it has used.
 */
const [, , url = "", wanted = "0", which] = process.argv;
const tell = (message: FromConsumer): Promise<void> =>
  new Promise((resolve) => process.send?.(message, () => resolve()));
const to = which === "ordered" ? ordersByKey : orders;
const bus = await connect(url);
const idle = process.memoryUsage().rss;
const latencies: number[] = [];
const done = Promise.withResolvers<void>();
const histogram = monitorEventLoopDelay({ resolution: 1 });
histogram.enable();

const consumer = await bus.subscribe(to, { group: "bench", concurrency: 100 }, ({ timestamp }) => {
  latencies.push(Date.now() - timestamp);
  if (latencies.length === Number(wanted)) done.resolve();
});
process.on("message", () => {
  // It wakes up a thousand times a second, which is not what idling costs.
  histogram.disable();
  void tell({ kind: "usage", usage: process.cpuUsage() });
});
await tell({ kind: "ready" });
await done.promise;
await consumer.close();
const settledAt = Date.now();
const memory = process.resourceUsage().maxRSS / 1_024 - idle / 2 ** 20;
await tell({ kind: "consumed", settledAt, latencies, delay: histogram.percentile(99) / 1e6, memory });
await bus.close();
process.disconnect();
