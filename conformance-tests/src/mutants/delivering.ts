import type { Delivery } from "@waybill/core";
import { WaybillError } from "@waybill/core";
import type { Mutant } from "../mutant.ts";
import { type ReceiverHooks, wrap } from "../wrap.ts";
import { onDelivery, onFlow, onNames, onPlaces } from "./tools.ts";

/** What goes wrong on the way out. */
export const deliveringMutants: readonly Mutant[] = [
  {
    name: "starts-late",
    caughtBy: ["SUB-1"],
    mutate: (adapter) =>
      wrap(adapter, () => ({
        receiver: (_from, _flow, receiver) => {
          let isLate = true;
          return {
            deliver(batch, sink) {
              if (!isLate) return sink.deliver(batch);
              isLate = false;
              void receiver().settle(batch.map((delivery) => ({ delivery, outcome: "ack", sends: [] })));
            },
          };
        },
      })),
  },
  {
    name: "shares-one-inbox",
    caughtBy: ["SUB-2/each-group", "SUB-4/groups", "SUB-7/copies", "RTY-3", "DLQ-1/group", "RPC-1"],
    mutate: onNames((inbox) => (inbox.shape.kind === "queue" ? inbox : { ...inbox, group: "all", ephemeral: false })),
  },
  {
    name: "forgets-idle-groups",
    caughtBy: ["SUB-6"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        receiver: (inbox) => ({
          async close(receiver) {
            await receiver.close();
            await transport.remove({ kind: "inbox", inbox, start: { from: "now", reset: false } });
          },
        }),
      })),
  },
  {
    name: "keeps-listeners",
    caughtBy: ["SUB-7/close", "SUB-7/sweep"],
    mutate: onNames((inbox) => ({ ...inbox, ephemeral: false })),
  },
  { name: "hands-out-one-by-one", caughtBy: ["SUB-5/handlers", "SUB-11/size", "ORD-1/parallel"], mutate: windowed(1) },
  { name: "ignores-the-window", caughtBy: ["SUB-5/window"], mutate: windowed(1_000) },
  {
    name: "settles-last-what-it-should-first",
    caughtBy: ["ACK-6/killed"],
    mutate: onFlow((flow) => ({ ...flow, settle: "after" })),
  },
  {
    name: "forgets-when-it-is-due",
    caughtBy: ["DLY-2", "DLY-2/retries"],
    mutate: onDelivery((delivery) => {
      const { "waybill-due": _, ...headers } = delivery.headers;
      return { ...delivery, headers };
    }),
  },
  {
    name: "ignores-a-pause",
    caughtBy: ["SUB-10/window"],
    mutate: (adapter) =>
      wrap(adapter, () => ({
        receiver: () => ({ resize: (flow, receiver) => void (flow.window > 0 && receiver.resize(flow)) }),
      })),
  },
  {
    name: "loses-what-a-pause-gives-back",
    caughtBy: ["SUB-10", "LIF-1/takes-no-more"],
    mutate: (adapter) =>
      wrap(adapter, () => ({
        receiver: () => ({
          resize: (flow, receiver) => void (flow.window > 0 && receiver.resize(flow)),
          stop: () => Promise.resolve(),
          settle: (batch, receiver) =>
            receiver.settle(
              batch.map((one) =>
                one.outcome === "release" ? { delivery: one.delivery, outcome: "ack", sends: [] } : one,
              ),
            ),
        }),
      })),
  },
  {
    name: "waits-for-the-slowest",
    caughtBy: ["SUB-9", "SUB-9/keys"],
    mutate: (adapter) => wrap(adapter, () => ({ receiver: () => waiting() })),
  },
  {
    name: "ends-a-lease-while-it-is-handled",
    caughtBy: ["ACK-3"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        receiver: (from, _flow, receiver) => ({
          deliver(batch, sink) {
            sink.deliver(batch);
            setTimeout(() => {
              const cause = new WaybillError("LEASE_LOST", "it was not extended");
              sink.lost(batch, cause);
              void receiver().settle(batch.map((delivery) => ({ delivery, outcome: "release" })));
            }, transport.supports(from.shape).leaseMs);
          },
        }),
      })),
  },
  {
    name: "hides-lost-leases",
    caughtBy: ["ACK-4/aborts"],
    mutate: (adapter) => wrap(adapter, () => ({ receiver: () => ({ lost: () => undefined }) })),
  },
  {
    name: "forgets-failures",
    caughtBy: ["ACK-5", "RTY-1", "RTY-1/members", "RTY-1/crash"],
    mutate: onDelivery((delivery) => ({ ...delivery, failures: 0 })),
  },
  {
    name: "loses-headers-on-a-retry",
    caughtBy: ["RTY-5"],
    mutate: onDelivery((delivery) => {
      const { "content-type": type = "" } = delivery.headers;
      return delivery.failures === 0 ? delivery : { ...delivery, headers: { "content-type": type } };
    }),
  },
  {
    name: "loses-the-history-on-a-redrive",
    caughtBy: ["DLQ-6/history"],
    mutate: onDelivery((delivery) => {
      const { "waybill-note": _, ...headers } = delivery.headers;
      return { ...delivery, headers };
    }),
  },
  {
    name: "counts-too-many-deliveries",
    caughtBy: ["DLQ-4"],
    mutate: onDelivery((delivery) => ({ ...delivery, deliveries: (delivery.deliveries ?? 1) + 10 })),
  },
  {
    name: "convicts-a-crowd",
    caughtBy: ["DLQ-4/crowd"],
    mutate: onDelivery(({ deliveries = 1, ...delivery }) => ({
      ...delivery,
      deliveries: deliveries > 3 ? deliveries + 7 : deliveries,
    })),
  },
  {
    name: "counts-no-deliveries",
    caughtBy: ["DLQ-4"],
    mutate: onDelivery((delivery) => ({ ...delivery, deliveries: undefined })),
  },
  {
    name: "claims-an-order-it-does-not-keep",
    caughtBy: ["SUB-11/keys", "ORD-1", "ORD-2", "ORD-3"],
    mutate: onPlaces(
      (inbox) => ({ ...inbox, ordered: false, shape: { ...inbox.shape, ordered: false } }),
      (source) => ({ ...source, shape: { ...source.shape, ordered: false } }),
    ),
  },
];

/** Leaves a pause a pause. */
function windowed(window: number): Mutant["mutate"] {
  return onFlow((flow) => (flow.window === 0 ? flow : { ...flow, window }));
}

/** Delivers no more until all it has delivered is settled. */
function waiting(): ReceiverHooks {
  let outstanding = 0;
  const queue: Delivery[] = [];
  let push: ((batch: readonly Delivery[]) => void) | undefined;
  const next = (): void => {
    if (outstanding > 0 || queue.length === 0) return;
    const batch = queue.splice(0);
    outstanding += batch.length;
    push?.(batch);
  };
  return {
    deliver(batch, sink) {
      push = (ready) => sink.deliver(ready);
      queue.push(...batch);
      next();
    },
    async settle(batch, receiver) {
      const results = await receiver.settle(batch);
      outstanding -= batch.length;
      next();
      return results;
    },
  };
}
