import type { Adapter, Delivery, Receiver } from "@waybill/core";
import { mutantNamed } from "../mutants.ts";
import { onNames } from "../mutants/tools.ts";
import { wrap } from "../wrap.ts";

/** A planted bug, which some seed has to find. */
export interface Bug {
  readonly name: string;
  /** Called for each world, so that what it remembers is of that world alone and a seed replays. */
  readonly plant: () => (adapter: Adapter) => Adapter;
}

/** Those of the suite's mutants that keep to the simulated time. */
const mutants = [
  "duplicates",
  "swaps-two-of-a-key",
  "forgets-delays",
  "forgets-failures",
  "acks-before-handling",
  "drops-what-handlers-send",
  "sends-before-it-checks-the-lease",
  "retries-early",
  "drops-the-dead",
];

/** Bugs that remember something, and bugs that only show where several things meet. */
const others: readonly Bug[] = [
  {
    name: "loses-one-in-ten",
    plant: () => {
      let count = 0;
      return (adapter) =>
        wrap(adapter, (transport) => ({
          async send(to, messages, options) {
            await transport.send(
              to,
              messages.filter(() => (count += 1) % 10 > 0),
              options,
            );
            return messages.map(() => "stored");
          },
        }));
    },
  },
  {
    name: "forgets-the-order-of-topics",
    plant: () => onNames((inbox) => (inbox.shape.kind === "queue" ? inbox : { ...inbox, ordered: false })),
  },
  {
    name: "settles-after-what-it-should-settle-first",
    plant: () => (adapter) =>
      wrap(adapter, (transport) => ({
        receive: (from, flow, sink) => transport.receive(from, { ...flow, settle: "after" }, sink),
      })),
  },
  {
    name: "lets-zombies-settle",
    plant: () => {
      const holders = new Map<string, { readonly receiver: () => Receiver; readonly delivery: Delivery }>();
      return (adapter) =>
        wrap(adapter, () => ({
          receiver: ({ source, group }, _flow, receiver) => ({
            deliver(batch, sink) {
              for (const delivery of batch) holders.set(`${source}/${group}/${delivery.id}`, { receiver, delivery });
              sink.deliver(batch);
            },
            async settle(batch, own) {
              const results = await own.settle(batch);
              for (const [index, { delivery, outcome }] of batch.entries()) {
                const holder = holders.get(`${source}/${group}/${delivery.id}`);
                if (results[index] !== "lost" || outcome !== "ack" || holder === undefined) continue;
                await holder.receiver().settle([{ delivery: holder.delivery, outcome, sends: [] }]);
              }
              return results;
            },
          }),
        }));
    },
  },
  {
    name: "drops-what-was-lost-twice",
    plant: () => (adapter) =>
      wrap(adapter, () => ({
        receiver: (_from, _flow, receiver) => ({
          deliver(batch, sink) {
            const isWorn = ({ deliveries = 0, failures }: Delivery): boolean => deliveries - failures > 2;
            const worn = batch.filter(isWorn);
            if (worn.length > 0)
              void receiver().settle(worn.map((delivery) => ({ delivery, outcome: "ack", sends: [] })));
            const rest = batch.filter((delivery) => !isWorn(delivery));
            if (rest.length > 0) sink.deliver(rest);
          },
        }),
      })),
  },
  {
    name: "gives-back-to-the-end",
    plant: () => (adapter) =>
      wrap(adapter, (transport) => ({
        receiver: (inbox) => ({
          async settle(batch, receiver) {
            const given = batch.filter(({ outcome }) => outcome === "release").map(({ delivery }) => delivery);
            const results = await receiver.settle(
              batch.map((one) => (one.outcome === "release" ? { ...one, outcome: "ack", sends: [] } : one)),
            );
            if (given.length > 0) await transport.send({ kind: "inbox", inbox }, given, { deadline: Infinity });
            return results;
          },
        }),
      })),
  },
  {
    name: "loses-the-third-of-a-redrive",
    plant: () => (adapter) =>
      wrap(adapter, (transport) => ({
        walk: (inbox, visit, signal) => {
          let redriven = 0;
          return transport.walk(
            inbox,
            async (letter) => {
              const verdict = await visit(letter);
              if (verdict === "redrive") redriven += 1;
              return verdict === "redrive" && redriven > 2 ? "discard" : verdict;
            },
            signal,
          );
        },
      })),
  },
];

/** Every planted bug. */
export const bugs: readonly Bug[] = [
  ...mutants.map((name) => ({ name, plant: () => (adapter: Adapter) => mutantNamed(name).mutate(adapter) })),
  ...others,
];
