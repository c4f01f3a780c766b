import { monitorEventLoopDelay } from "node:perf_hooks";
import { connect, topic } from "@waybill/core";
import { order } from "./schemas.ts";

/**
 * The consuming half of the two-process benches: `consumer-process.js <url> <count>` says `ready`, handles `count` messages, and
 * says when the last was settled, how long each took from publish to handler, and how long its event loop was held up.
 */
const [, , url = "", wanted = "0"] = process.argv;
const to = topic("order.placed", { schema: order });
const bus = await connect(url);
const latencies: number[] = [];
const done = Promise.withResolvers<void>();
const histogram = monitorEventLoopDelay({ resolution: 1 });
histogram.enable();

const consumer = await bus.subscribe(to, { group: "bench", concurrency: 100 }, ({ timestamp }) => {
  latencies.push(Date.now() - timestamp);
  if (latencies.length === Number(wanted)) done.resolve();
});
process.send?.("ready");
await done.promise;
await consumer.close();
process.send?.({ settledAt: Date.now(), latencies, delay: histogram.percentile(99) / 1e6 });
await bus.close();
process.disconnect();
