import { median, type Figure } from "../figure.ts";
import { timed } from "../load.ts";
import { openBus, sendOrders } from "../orders.ts";
import { RawSqs } from "../raw/sqs.ts";
import { startSqs } from "../sqs-server.ts";

const rounds = 30;
const each = 50;

/** One awaited publish at a time on SQS, against one awaited SendMessage of the same JSON, by turns of fifty. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startSqs();
  await using bus = await openBus(server.url);
  using raw = await RawSqs.open(server.url);
  const ours: number[] = [];
  const byHand: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    if (round === 1) ours.length = byHand.length = 0;
    for (let index = 0; index < each; index += 1) ours.push(await timed(() => sendOrders(bus, 1, 1)));
    for (let index = 0; index < each; index += 1) byHand.push(await timed(() => raw.sendOne()));
  }
  return [
    { what: "SQS, one awaited publish, p50", unit: "ms", value: median(ours), better: "less" },
    {
      what: "the same above an awaited SendMessage",
      unit: "ms",
      value: median(ours) - median(byHand),
      better: "less",
      goal: 0.3,
    },
  ];
}
