import { byTurns } from "../by-turns.ts";
import { requestsDuring } from "../counted-requests.ts";
import { delayDuring } from "../event-loop.ts";
import type { Figure } from "../figure.ts";
import { cpuEach, perSecond, timed } from "../load.ts";
import { openBus, sendOrders } from "../orders.ts";
import { RawSqs } from "../raw/sqs.ts";
import { startSqs } from "../sqs-server.ts";

const count = 10_000;
const turns = 3;
const inFlight = 1_000;

/** Sending to a queue on SQS with 1 000 in flight: what AWS would bill, and speed and CPU time against the SDK by hand. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startSqs();
  await using bus = await openBus(server.url);
  using raw = await RawSqs.open(server.url);
  const rate = async (work: () => Promise<void>): Promise<number> => perSecond(count, await timed(work));
  const ours = (): Promise<void> => sendOrders(bus, count, inFlight);
  const byHand = (): Promise<void> => raw.sendBatches(count, inFlight);
  const speed = await byTurns(turns, {
    ours: () => rate(ours),
    batches: () => rate(byHand),
    each: () => rate(() => raw.sendEach(count, inFlight)),
  });
  const cpu = await byTurns(turns, { ours: () => cpuEach(count, ours), batches: () => cpuEach(count, byHand) });
  const requests = await requestsDuring(ours);
  const delay = await delayDuring(ours);
  return [
    {
      what: "SQS, requests to send one message, 1 000 in flight",
      unit: "calls",
      value: (requests.get("SendMessageBatch") ?? Number.NaN) / count,
      better: "less",
      goal: 0.11,
    },
    { what: "SQS publish, 1 000 in flight", unit: "k/s", value: speed.ours, better: "more" },
    { what: "hand-written SDK, ten a request", unit: "k/s", value: speed.batches, better: "more" },
    { what: "hand-written SDK, one a request", unit: "k/s", value: speed.each, better: "more" },
    {
      what: "SQS publish against ten a request",
      unit: "ratio",
      value: speed.ours / speed.batches,
      better: "more",
      goal: 0.9,
    },
    {
      what: "SQS publish against one a request",
      unit: "ratio",
      value: speed.ours / speed.each,
      better: "more",
      goal: 4,
    },
    { what: "SQS publish, CPU time of a message", unit: "µs", value: cpu.ours, better: "less" },
    {
      what: "the same against ten a request",
      unit: "ratio",
      value: cpu.ours / cpu.batches,
      better: "less",
      goal: 1.15,
    },
    { what: "event loop delay while publishing to SQS, p99", unit: "ms", value: delay, better: "less", goal: 20 },
  ];
}
