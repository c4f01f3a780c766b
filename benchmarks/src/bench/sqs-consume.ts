import type { Bus } from "@waybill/core";
import { byTurns } from "../by-turns.ts";
import { requestsDuring } from "../counted-requests.ts";
import { type Figure, median } from "../figure.ts";
import { cpuEach, handledBy, perSecond } from "../load.ts";
import { openBus, sendOrders } from "../orders.ts";
import { RawSqs } from "../raw/sqs.ts";
import { startSqs } from "../sqs-server.ts";
import { orderWork } from "../topics.ts";

const count = 10_000;
const turns = 3;

/** A backlog of a queue on SQS handled by a worker with a schema and three middlewares, against the SDK by hand with neither. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startSqs();
  // Short polls, since the last of them is waited for.
  await using bus = await openBus(`${server.url}&waitMs=1000`);
  using raw = await RawSqs.open(server.url);
  const fill = (): Promise<void> => sendOrders(bus, count, 1_000);
  const cpus = { ours: [] as number[], raw: [] as number[] };
  const speed = await byTurns(turns, {
    ours: async () => {
      await fill();
      let took = 0;
      cpus.ours.push(await cpuEach(count, async () => void (took = await worked(bus))));
      return perSecond(count, took);
    },
    raw: async () => {
      await raw.sendBatches(count, 1_000);
      let took = 0;
      cpus.raw.push(await cpuEach(count, async () => void (took = await handledBy(raw, count))));
      return perSecond(count, took);
    },
  });
  await fill();
  const requests = await requestsDuring(() => worked(bus));
  const each = (action: string): number => (requests.get(action) ?? Number.NaN) / count;
  const cpu = { ours: median(cpus.ours.slice(1)), raw: median(cpus.raw.slice(1)) };
  return [
    {
      what: "SQS, requests to receive one of a backlog",
      unit: "calls",
      value: each("ReceiveMessage"),
      better: "less",
      goal: 0.15,
    },
    {
      what: "SQS, requests to delete it",
      unit: "calls",
      value: each("DeleteMessageBatch"),
      better: "less",
      goal: 0.11,
    },
    { what: "SQS, a backlog handled", unit: "k/s", value: speed.ours, better: "more" },
    { what: "hand-written SDK, ten a request", unit: "k/s", value: speed.raw, better: "more" },
    {
      what: "SQS, a backlog handled against hand-written",
      unit: "ratio",
      value: speed.ours / speed.raw,
      better: "more",
      goal: 0.9,
    },
    { what: "SQS, CPU time of a message handled", unit: "µs", value: cpu.ours, better: "less" },
    { what: "the same against hand-written", unit: "ratio", value: cpu.ours / cpu.raw, better: "less", goal: 1.15 },
  ];
}

/** How long a worker takes to handle a backlog, ms. It is closed after that, which waits for the polls that are under way. */
async function worked(bus: Bus): Promise<number> {
  const all = Promise.withResolvers<void>();
  let handled = 0;
  const from = performance.now();
  const worker = await bus.work(orderWork, { concurrency: 100 }, () => {
    handled += 1;
    if (handled === count) all.resolve();
  });
  await all.promise;
  const took = performance.now() - from;
  await worker.close();
  return took;
}
