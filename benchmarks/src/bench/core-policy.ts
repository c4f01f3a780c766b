import { bytes, connect, topic } from "@waybill/core";
import type { Figure } from "../figure.ts";
import { cpuEach, inParallel } from "../load.ts";
import { NoCarrier } from "../no-carrier.ts";
import { anything, oneKilobyte } from "../schemas.ts";

const to = topic("order.bytes", { schema: anything, codec: bytes });
const count = 300_000;

/** Core's own work for a message, in CPU time: the codec lets bytes through, the carrier does nothing, three middlewares. */
export async function measure(): Promise<readonly Figure[]> {
  const carrier = new NoCarrier();
  await using bus = await connect("none:", { adapters: [carrier.adapter] });
  for (const name of ["one", "two", "three"]) {
    bus.use({ name, handle: (next) => (message) => next(message), publish: (next) => (outgoing) => next(outgoing) });
  }
  await using plain = await connect("none:", { adapters: [carrier.adapter] });
  await bus.subscribe(to, { group: "bench", concurrency: 100 }, () => Promise.resolve());
  const publish = (through: typeof bus): Promise<number> =>
    cpuEach(count, () => inParallel(count, 1_000, () => through.publish(to, oneKilobyte)));
  await publish(plain);
  const without = await publish(plain);
  await publish(bus);
  const wrapped = await publish(bus);
  // Twice, so that what is compiled while it warms up is not counted.
  await carrier.deliver(count);
  await carrier.deliver(count);
  const consume = await cpuEach(count, () => carrier.deliver(count));
  return [
    { what: "core's publish without codec", unit: "µs", value: without, better: "less", goal: 1.5 },
    { what: "core's publish without codec, three publish middlewares", unit: "µs", value: wrapped, better: "less" },
    { what: "core's consume without codec, three middlewares", unit: "µs", value: consume, better: "less", goal: 1 },
  ];
}
