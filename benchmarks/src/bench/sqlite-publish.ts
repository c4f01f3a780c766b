import { join } from "node:path";
import { connect, topic } from "@waybill/core";
import { delayDuring } from "../event-loop.ts";
import type { Figure } from "../figure.ts";
import { inParallel, perSecond, timed } from "../load.ts";
import { RawSqlite } from "../raw/sqlite.ts";
import { oneOrder, order } from "../schemas.ts";
import { scratch } from "../scratch.ts";

const to = topic("order.placed", { schema: order });
const count = 60_000;
const inFlight = 1_000;

/** Publishing to one group on SQLite with 1 000 in flight, against inserting the same JSON by hand, a thousand a transaction. */
export async function measure(): Promise<readonly Figure[]> {
  using directory = scratch();
  const raw = perSecond(count, await byHand(join(directory.path, "raw.db")));
  const { ours, delay } = await published(`sqlite:${join(directory.path, "ours.db")}`);
  return [
    { what: "SQLite publish, 1 000 in flight", unit: "k/s", value: ours, better: "more" },
    { what: "hand-written node:sqlite, 1 000 a transaction", unit: "k/s", value: raw, better: "more" },
    { what: "SQLite publish against hand-written", unit: "ratio", value: ours / raw, better: "more", goal: 0.7 },
    { what: "event loop delay while publishing, p99", unit: "ms", value: delay, better: "less", goal: 20 },
  ];
}

function byHand(file: string): Promise<number> {
  const database = new RawSqlite(file);
  return timed(() => {
    for (let done = 0; done < count; done += inFlight) {
      const bodies = Array.from({ length: inFlight }, (_, index) =>
        Buffer.from(`{"specversion":"1.0","id":"${done + index}","data":${JSON.stringify(oneOrder)}}`),
      );
      database.insert(bodies);
    }
    return Promise.resolve();
  }).finally(() => database.close());
}

async function published(url: string): Promise<{ readonly ours: number; readonly delay: number }> {
  await using bus = await connect(url);
  await bus.inbox(to, "bench").stats();
  let took = Number.NaN;
  const delay = await delayDuring(async () => {
    took = await timed(() => inParallel(count, inFlight, () => bus.publish(to, oneOrder)));
  });
  return { ours: perSecond(count, took), delay };
}
