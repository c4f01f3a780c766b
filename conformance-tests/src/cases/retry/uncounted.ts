import assert from "node:assert/strict";
import type { Delivery, Inbox } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { range } from "../../expect.ts";
import { always } from "../../owed.ts";

/** RTY-1 at the seam */
export const uncounted: readonly Case[] = casesOf("RTY-1", {
  uncounted: {
    shows: "at the seam, a retry without a failure keeps its note and counts neither as a failure nor as a delivery",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const transport = await bench.transport();
      const inbox: Inbox = {
        source: queue.name,
        shape: queue.shape,
        group: queue.name,
        ordered: false,
        ephemeral: false,
      };
      await transport.declare([
        { kind: "source", name: queue.name, shape: queue.shape },
        { kind: "inbox", inbox, start: { from: "now", reset: false } },
      ]);
      const bus = await bench.connect();
      await bus.send(queue, { n: 1 });
      const got: Delivery[] = [];
      const deliver = (batch: readonly Delivery[]): void => void got.push(...batch);
      const flow = { window: 1, bytes: 2 ** 20, settle: "after" } as const;
      const receiver = await transport.receive(inbox, flow, { deliver, lost: () => undefined });
      for (const round of range(1, 5)) {
        await bench.eventually(
          `delivery ${round}`,
          () => got.length,
          (count) => count === round,
        );
        const delivery = got[round - 1] as Delivery;
        assert.equal(delivery.failures, 0, "failures");
        assert(delivery.deliveries === undefined || delivery.deliveries === 1, `deliveries is ${delivery.deliveries}`);
        assert.equal(delivery.headers["round"], round === 1 ? undefined : String(round - 1), "the note");
        const note = { round: String(round) };
        await receiver.settle([{ delivery, outcome: "retry", delayMs: 0, failed: false, note }]);
      }
      await receiver.close();
    },
  },
});
