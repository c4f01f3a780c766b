import process from "node:process";
import type { Delivery, Receiver } from "@waybill/core";
import { declared, inboxOf, letter, rigOn, sourceOf } from "./rig.ts";

/* A process that takes each message of one queue and sends one of the same id to another, until it is killed. */

const [url = "", namespace = ""] = process.argv.slice(2);
const [from, to] = [sourceOf("from"), sourceOf("to")];
const rig = await rigOn(url, { transactions: true }, { namespace });
await declared(rig, from);
await declared(rig, to);

let receiver: Receiver | undefined;
const copy = async (batch: readonly Delivery[]): Promise<void> => {
  const settling = batch.map((delivery) => ({
    delivery,
    outcome: "ack" as const,
    sends: [[to, letter(delivery.id)] as const],
  }));
  const results = await receiver?.settle(settling);
  const again = batch.filter((_, index) => typeof results?.[index] === "object");
  if (again.length > 0) await copy(again);
};
receiver = await rig.transport.receive(
  inboxOf(from),
  { window: 16, bytes: 2 ** 20, settle: "after" },
  {
    // Settled when it is known what by.
    deliver: (batch) => void setImmediate(() => void copy(batch)),
    lost: () => undefined,
  },
);
process.send?.("ready");
