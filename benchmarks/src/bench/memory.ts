import { bytes, connect, topic, type Topic } from "@waybill/core";
import type { Figure } from "../figure.ts";
import { perSecond, timed } from "../load.ts";
import { anything, oneKilobyte, oneOrder, order } from "../schemas.ts";

const inFlight = 1_000;
const asJson = topic("order.placed", { schema: order });
const asBytes = topic("order.bytes", { schema: anything, codec: bytes });

/** Memory carrier, publish to settle, three middlewares, 1 000 messages between publish and handler at any time. */
export async function measure(): Promise<readonly Figure[]> {
  await roundTrip(asJson, oneOrder, 50_000);
  const json = perSecond(200_000, await roundTrip(asJson, oneOrder, 200_000));
  const codec = perSecond(200_000, await codecAlone(200_000));
  await roundTrip(asBytes, oneKilobyte, 50_000);
  const raw = perSecond(300_000, await roundTrip(asBytes, oneKilobyte, 300_000));
  return [
    { what: "memory, publish to settle, 1 kB JSON, zod", unit: "k/s", value: json, better: "more", goal: 110 },
    { what: "the same JSON and zod work alone, no carrier", unit: "k/s", value: codec, better: "more" },
    { what: "memory, publish to settle, 1 kB bytes", unit: "k/s", value: raw, better: "more", goal: 300 },
  ];
}

async function roundTrip<T>(to: Topic<T, T, false>, data: T, count: number): Promise<number> {
  await using bus = await connect(`memory:${Math.random()}`);
  for (const name of ["one", "two", "three"]) bus.use({ name, handle: (next) => (message) => next(message) });
  let handled = 0;
  let wake: (() => void) | undefined;
  await bus.subscribe(to, { group: "bench", concurrency: 100 }, () => {
    handled += 1;
    wake?.();
  });
  return await timed(async () => {
    for (let published = 0; published < count; published += 1) {
      while (published - handled >= inFlight) await new Promise<void>((resolve) => (wake = resolve));
      void bus.publish(to, data as NoInfer<T>);
    }
    while (handled < count) await new Promise<void>((resolve) => (wake = resolve));
  });
}

/** What no carrier can save: the document written, its bytes made, read and parsed, and the schema at both ends. */
function codecAlone(count: number): Promise<number> {
  return timed(() => {
    for (let index = 0; index < count; index += 1) {
      order.parse(oneOrder);
      const written = Buffer.from(`{"specversion":"1.0","id":"${index}","data":${JSON.stringify(oneOrder)}}`);
      order.parse((JSON.parse(written.toString("utf8")) as { data: unknown }).data);
    }
    return Promise.resolve();
  });
}
