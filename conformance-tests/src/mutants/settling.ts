import type { Adapter, Settlement } from "@waybill/core";
import type { Mutant } from "../mutant.ts";
import { wrap } from "../wrap.ts";
import { afterwards, onSettle } from "./tools.ts";

/** The ids of messages that zombies have acked. */
const ackedByZombies = new Set<string>();

/** What goes wrong when a message is settled. */
export const settlingMutants: readonly Mutant[] = [
  {
    name: "settles-nothing",
    caughtBy: ["ACK-1"],
    mutate: onSettle((settlement) => (settlement.outcome === "ack" ? undefined : settlement)),
  },
  {
    name: "settles-later",
    caughtBy: ["ACK-1/close"],
    mutate: (adapter) =>
      wrap(adapter, () => ({
        receiver: () => ({
          settle(batch, receiver) {
            afterwards(200, () => receiver.settle(batch));
            return Promise.resolve(batch.map(() => "settled"));
          },
        }),
      })),
  },
  {
    name: "acks-before-handling",
    caughtBy: ["ACK-2", "FLT-2"],
    mutate: (adapter) =>
      wrap(adapter, () => ({
        receiver: (_from, _flow, receiver) => ({
          // Some write an ack down a moment later, if it need not stand before the handler begins.
          flow: (flow) => ({ ...flow, settle: "first" }),
          deliver(batch, sink) {
            const acks = batch.map((delivery) => ({ delivery, outcome: "ack", sends: [] }) as const);
            void receiver()
              .settle(acks)
              .then(() => sink.deliver(batch));
          },
          settle: (batch) => Promise.resolve(batch.map(() => "settled")),
        }),
      })),
  },
  {
    name: "lets-zombies-settle",
    caughtBy: ["ACK-4/fenced"],
    oneProcess: true,
    mutate: (adapter) =>
      wrap(adapter, () => ({
        receiver: () => ({
          lost: () => undefined,
          async settle(batch, receiver) {
            const results = await receiver.settle(batch.map(asZombiesDecided));
            for (const [index, { delivery }] of batch.entries())
              if (results[index] === "lost") ackedByZombies.add(delivery.id);
            return results;
          },
        }),
      })),
  },
  {
    name: "drops-what-handlers-send",
    caughtBy: ["EFF-1/success"],
    mutate: onSettle((settlement) => (settlement.outcome === "ack" ? { ...settlement, sends: [] } : settlement)),
  },
  {
    name: "sends-twice-what-handlers-send",
    caughtBy: ["EFF-1/failure"],
    mutate: onSettle((one) => (one.outcome === "ack" ? { ...one, sends: [...one.sends, ...one.sends] } : one)),
  },
  {
    name: "sends-before-it-checks-the-lease",
    caughtBy: ["EFF-1/zombie"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        receiver: () => ({
          lost: () => undefined,
          async settle(batch, receiver) {
            for (const one of batch) {
              if (one.outcome !== "ack") continue;
              for (const [to, message] of one.sends)
                await transport.send(to, [message], { deadline: Date.now() + 5_000 });
            }
            return receiver.settle(batch.map((one) => (one.outcome === "ack" ? { ...one, sends: [] } : one)));
          },
        }),
      })),
  },
  { name: "retries-the-permanent", caughtBy: ["RTY-6", "RTY-1"], mutate: retriesTheDead },
  {
    name: "counts-every-retry",
    caughtBy: ["RTY-1/uncounted", "VER-1/waits"],
    mutate: onSettle((one) => (one.outcome === "retry" ? { ...one, failed: true } : one)),
  },
  {
    name: "forgets-the-note-of-a-retry",
    // Of one instance nobody sees it: it knows itself what it has published.
    caughtBy: ["DLY-3/missed"],
    mutate: onSettle((one) => (one.outcome === "retry" ? { ...one, note: {} } : one)),
  },
  {
    name: "drops-retries",
    caughtBy: ["DLY-3", "DLY-3/missed"],
    mutate: onSettle((one) => (one.outcome === "retry" ? { delivery: one.delivery, outcome: "ack", sends: [] } : one)),
  },
  {
    name: "retries-early",
    caughtBy: ["RTY-2"],
    mutate: onSettle((one) => (one.outcome === "retry" ? { ...one, delayMs: one.delayMs / 3 } : one)),
  },
  {
    name: "settles-a-batch-as-its-first",
    caughtBy: ["SUB-11/alone"],
    mutate: (adapter) =>
      wrap(adapter, () => ({
        receiver: () => ({
          settle: (batch, receiver) =>
            receiver.settle(batch.map((one) => ({ ...(batch[0] ?? one), delivery: one.delivery }))),
        }),
      })),
  },
  {
    name: "retries-for-every-group",
    caughtBy: ["RTY-3"],
    mutate: onSettle((one, transport, { source, shape }) => {
      if (one.outcome !== "retry") return one;
      void transport.send({ kind: "source", name: source, shape }, [one.delivery], { deadline: Date.now() + 5_000 });
      return one;
    }),
  },
  {
    name: "holds-up-all-for-a-retry",
    caughtBy: ["RTY-4"],
    mutate: (adapter) =>
      wrap(adapter, () => ({
        receiver: () => {
          let until = 0;
          return {
            deliver(batch, sink) {
              const wait = until - Date.now();
              if (wait > 0) setTimeout(() => sink.deliver(batch), Math.min(wait, 5_000));
              else sink.deliver(batch);
            },
            settle(batch, receiver) {
              for (const one of batch) if (one.outcome === "retry") until = Math.max(until, Date.now() + one.delayMs);
              return receiver.settle(batch);
            },
          };
        },
      })),
  },
  {
    name: "retries-at-the-end-of-the-key",
    caughtBy: ["ORD-3", "VER-1/waits-in-order"],
    mutate: onSettle((one, transport, inbox) => {
      if (one.outcome !== "retry") return one;
      const again = { ...one.delivery, deliverAt: Date.now() + one.delayMs };
      void transport.send({ kind: "inbox", inbox }, [again], { deadline: Date.now() + 5_000 });
      return { delivery: one.delivery, outcome: "ack", sends: [] };
    }),
  },
  {
    name: "drops-the-dead",
    caughtBy: ["DLQ-1", "DLQ-2/full", "DLY-3/listed", "VER-1/newer"],
    mutate: onSettle((one) => (one.outcome === "dead" ? { delivery: one.delivery, outcome: "ack", sends: [] } : one)),
  },
  {
    name: "drops-the-note",
    caughtBy: ["DLQ-1", "VER-1/invalid"],
    mutate: onSettle((one) => (one.outcome === "dead" ? { ...one, note: {} } : one)),
  },
  {
    name: "keeps-the-dead-in-flight",
    caughtBy: ["ORD-3/dead"],
    mutate: onSettle((one) => (one.outcome === "dead" ? undefined : one)),
  },
  {
    name: "keeps-what-was-not-started",
    caughtBy: ["LIF-1/finishes"],
    mutate: onSettle((one) => (one.outcome === "release" ? undefined : one)),
  },
  {
    name: "acks-what-is-given-back",
    caughtBy: ["LIF-1/expires", "SUB-11/close"],
    mutate: onSettle((one) =>
      one.outcome === "release" ? { delivery: one.delivery, outcome: "ack", sends: [] } : one,
    ),
  },
];

function asZombiesDecided(settlement: Settlement): Settlement {
  const { delivery, outcome } = settlement;
  const decided = outcome === "retry" && ackedByZombies.has(delivery.id);
  return decided ? { delivery, outcome: "ack", sends: [] } : settlement;
}

function retriesTheDead(adapter: Adapter): Adapter {
  const spared = new Set<string>();
  return onSettle((one) => {
    const { delivery } = one;
    if (one.outcome !== "dead" || spared.has(delivery.id)) return one;
    spared.add(delivery.id);
    return { delivery, outcome: "retry", delayMs: 0, failed: true, note: {} };
  })(adapter);
}
