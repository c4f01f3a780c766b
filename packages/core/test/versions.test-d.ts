/*
 * What the types promise: the compiler is the test, as in `types.test-d.ts`.
 */
import { queue, topic } from "@waybill/core";
import type { Bus, Queue, Topic } from "@waybill/core";
import { z } from "zod";
import { same } from "./same.ts";

declare const bus: Bus;

/* All versions of one topic: the newest is published and handled, the others find their way to it. */

const v1 = z.object({ total: z.string() });
const v2 = z.object({ total: z.number(), at: z.iso.datetime().transform((text) => new Date(text)) });
const v3 = z.object({ cents: z.number().default(0), at: z.date() });

const priced = topic("priced", {
  versions: { 1: v1, 2: v2, 3: v3 },
  upcast: {
    1: (old) => {
      same<typeof old, { total: string }>();
      return { total: Number(old.total), at: "2025-01-01T00:00:00Z" };
    },
    2: async (old) => {
      same<typeof old, { total: number; at: Date }>();
      return { cents: old.total * 100, at: old.at };
    },
  },
  key: (data) => {
    same<typeof data, { cents: number; at: Date }>();
    return String(data.cents);
  },
  ordered: true,
});
same<typeof priced, Topic<{ cents?: number | undefined; at: Date }, { cents: number; at: Date }, true>>();

export async function versions(): Promise<void> {
  await bus.publish(priced, { at: new Date() });
  await bus.subscribe(priced, { group: "g", newer: "wait" }, ({ data }) => {
    same<typeof data, { cents: number; at: Date }>();
  });
  // @ts-expect-error the data of an older version
  await bus.publish(priced, { total: "5" });
  // @ts-expect-error no such policy
  await bus.subscribe(priced, { group: "g", newer: "drop" }, () => undefined);
}

const one = (old: { total: string }): z.input<typeof v2> => ({ total: Number(old.total), at: "" });
export const versioned: readonly unknown[] = [
  queue("q", { versions: { 1: v1 } }),
  queue("q", { versions: { 4: v1, 5: v2 }, upcast: { 4: one } }),
  same<ReturnType<typeof queueOfOne>, Queue<{ total: string }, { total: string }, false>>(),
  // @ts-expect-error no upcaster
  queue("q", { versions: { 1: v1, 2: v2 } }),
  // @ts-expect-error an upcaster too few
  queue("q", { versions: { 1: v1, 2: v2, 3: v3 }, upcast: { 1: one } }),
  // @ts-expect-error an upcaster of the newest
  queue("q", { versions: { 1: v1, 2: v2 }, upcast: { 1: one, 2: one } }),
  // @ts-expect-error an upcaster where there is nothing older
  queue("q", { versions: { 1: v1 }, upcast: { 1: one } }),
  // @ts-expect-error a gap
  queue("q", { versions: { 1: v1, 3: v2 }, upcast: { 1: one } }),
  // @ts-expect-error an upcaster of other data
  queue("q", { versions: { 1: v1, 2: v2 }, upcast: { 1: (old: { total: number }) => ({ total: old.total, at: "" }) } }),
  // @ts-expect-error an upcaster whose result the next version does not take
  queue("q", { versions: { 1: v1, 2: v2 }, upcast: { 1: (old) => old } }),
  // @ts-expect-error the next version's output, where its input is asked for
  queue("q", { versions: { 1: v1, 2: v2 }, upcast: { 1: () => ({ total: 5, at: new Date() }) } }),
  // @ts-expect-error versions and a schema
  queue("q", { versions: { 1: v1 }, schema: v1 }),
  // @ts-expect-error a version that is no schema
  queue("q", { versions: { 1: v1, 2: 5 }, upcast: { 1: one } }),
  // @ts-expect-error ordered without a key
  queue("q", { versions: { 1: v1 }, ordered: true }),
];

function queueOfOne() {
  return queue("q", { versions: { 1: v1 } });
}
