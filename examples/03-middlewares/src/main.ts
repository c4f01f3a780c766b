import { EventEmitter, once } from "node:events";
import process from "node:process";
import {
  connect,
  correlation,
  idempotency,
  type Logger,
  logging,
  memoryStore,
  Postpone,
  timeout,
  topic,
} from "@waybill/core";
import { sqliteStore } from "@waybill/sqlite";
import { z } from "zod";

const orderPlaced = topic("order.placed", { schema: z.object({ orderId: z.string(), how: z.string() }) });
const orderBilled = topic("order.billed", { schema: z.object({ orderId: z.string() }) });

const url = process.env["WAYBILL_URL"] ?? "memory:";
const lines = new EventEmitter();

await using store = url.startsWith("sqlite:") ? await sqliteStore(url.slice("sqlite:".length)) : undefined;
await using bus = await connect(url, { source: "shop" });

bus
  .use(logging(printing())) // the outermost: sees what the others make of a message
  .use(correlation()) // what is published through the bus belongs to the story of what is handled
  .use(idempotency({ store: store ?? memoryStore() })) // handled once, however often it comes
  .use(timeout("1s")); // the innermost: the time is the handler's alone

let asked = 0;
await bus.subscribe(orderPlaced, { group: "billing", retry: { delay: "500ms" } }, async ({ data, attempt, signal }) => {
  console.log(`  billing ${data.orderId}, attempt ${attempt}`);
  if (data.how === "slow" && attempt === 1) await once(signal, "abort");
  signal.throwIfAborted();
  if (data.how === "at night" && (asked += 1) === 1) throw new Postpone("200ms", "the shop is closed");
  const billed = await bus.publish(orderBilled, { orderId: data.orderId });
  console.log(`  published ${billed.type}, because of ${billed.causationId}`);
});
await tell("An order", "o-1", "fast");
await tell("The same order again", "o-1", "fast");
await tell("An order that takes too long at first", "o-2", "slow");
await tell("An order at night", "o-3", "at night");

/** Places an order and waits until it was handled. */
async function tell(title: string, orderId: string, how: string): Promise<void> {
  console.log(`${title}:`);
  const handled = once(lines, "handled");
  await bus.publish(orderPlaced, { orderId, how }, { id: orderId });
  await handled;
}

/** Any logger like pino does. This one prints what does not differ from run to run. */
function printing(): Logger {
  const print = ({ id, error }: Readonly<Record<string, unknown>>, text: string): void => {
    const why = error === undefined ? "" : `: ${(error as Error).message}`;
    console.log(`  log: ${text}, ${String(id)}${why}`);
    if (error === undefined) lines.emit("handled");
  };
  return { debug: print, info: print, warn: print, error: print };
}
