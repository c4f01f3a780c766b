/* What the types of schedules promise; compiled and never run, as `types.test-d.ts`. */
import { queue, topic } from "@waybill/core";
import type { Bus, Schedule, ScheduleInfo } from "@waybill/core";
import { z } from "zod";

/** Compiles only where both types are the same, not merely assignable. */
function same<A, B>(..._proof: [Same<A, B>] extends [true] ? [] : [never]): void {}
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

declare const bus: Bus;

const day = z.iso.datetime().transform((text) => new Date(text));
const reports = queue("reports", { schema: z.object({ day }) });
const nightly = topic("nightly", { schema: z.object({ day }), key: () => "all", ordered: true });

export async function schedules(): Promise<void> {
  await using schedule = await bus.schedule("a", {
    cron: "0 3 * * *",
    to: reports,
    data: { day: "2025-01-01T00:00:00Z" },
  });
  same<typeof schedule, Schedule>();
  same<Awaited<ReturnType<typeof bus.schedules>>, readonly ScheduleInfo[]>();
  await bus.schedule("a", {
    cron: "0 3 * * *",
    zone: "Europe/Berlin",
    missed: "last",
    to: nightly,
    data: (tick) => {
      same<typeof tick, Date>();
      return { day: tick.toISOString() };
    },
  });
  await bus.schedule("a", { cron: "@daily", to: nightly, data: async (tick) => ({ day: tick.toISOString() }) });
  // @ts-expect-error wrong data
  await bus.schedule("a", { cron: "@daily", to: reports, data: { day: 5 } });
  // @ts-expect-error the output, where the input is asked for
  await bus.schedule("a", { cron: "@daily", to: reports, data: (tick) => ({ day: tick }) });
  // @ts-expect-error no data
  await bus.schedule("a", { cron: "@daily", to: reports });
  // @ts-expect-error another word
  await bus.schedule("a", { cron: "@daily", to: reports, data: { day: "" }, missed: "some" });
}
