import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import type { Handling } from "../src/handling.ts";
import { memoryStore } from "../src/memory-store.ts";
import { Renewals } from "../src/renewals.ts";

test("a store that throws at once is asked again in time, and is no unhandled rejection", async () => {
  const clock = virtualClock();
  let asked = 0;
  const store = Object.assign(memoryStore({ clock }), {
    renew: () => {
      asked += 1;
      throw new Error("database is locked");
    },
  });
  const aborted: unknown[] = [];
  const message = { id: "a", abort: (reason: unknown) => void aborted.push(reason) } as unknown as Handling;
  const renewals = new Renewals(store, 300, clock);
  const claimed = { key: "k", owner: "o", message, place: -1 };
  renewals.add(claimed);
  await clock.advance(200);
  renewals.delete(claimed);
  expect([asked, aborted, clock.pending]).toEqual([2, [], 0]);
});
