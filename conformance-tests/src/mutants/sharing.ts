import type { Delivery, Inbox, Receiver, Sink } from "@waybill/core";
import { WaybillError } from "@waybill/core";
import type { Mutant } from "../mutant.ts";
import { type ReceiverHooks, wrap } from "../wrap.ts";
import { onFlow } from "./tools.ts";

/** What goes wrong between the members of a group, and with how much each holds. */
export const sharingMutants: readonly Mutant[] = [
  { name: "gives-all-to-the-first-member", caughtBy: ["SUB-12"], mutate: serving(() => true) },
  { name: "gives-all-keys-to-one-member", caughtBy: ["SUB-12/ordered"], mutate: serving(({ ordered }) => ordered) },
  {
    name: "takes-all-back-on-a-join",
    caughtBy: ["SUB-13", "SUB-13/ordered"],
    mutate: (adapter) => wrap(adapter, () => ({ receiver: (from, _flow, receiver) => shaken(from, receiver) })),
  },
  {
    name: "takes-back-what-runs-on-a-leave",
    caughtBy: ["SUB-13", "SUB-13/ordered", "LIF-1/finishes"],
    mutate: (adapter) =>
      wrap(adapter, () => ({
        receiver: (_from, _flow, receiver) => {
          const holding = new Holding(receiver);
          return {
            ...holding.hooks,
            async stop(below) {
              holding.release();
              await below.stop();
            },
          };
        },
      })),
  },
  {
    name: "ignores-the-bytes",
    caughtBy: ["SUB-14", "SUB-14/seam", "SUB-14/alone"],
    mutate: onFlow((flow) => ({ ...flow, bytes: Infinity })),
  },
  {
    name: "never-delivers-what-is-larger-than-the-room",
    caughtBy: ["SUB-14/alone"],
    mutate: (adapter) =>
      wrap(adapter, () => ({
        receiver: (_from, flow) => ({
          deliver: (batch, sink) => sink.deliver(batch.filter(({ body }) => body.length <= flow.bytes)),
        }),
      })),
  },
];

/** Of each inbox of a kind only the first member gets anything. */
function serving(isServed: (inbox: Inbox) => boolean): Mutant["mutate"] {
  const served = new Set<string>();
  return (adapter) =>
    wrap(adapter, () => ({
      receiver(from) {
        const inbox = JSON.stringify([from.source, from.group]);
        const idle = isServed(from) && served.has(inbox);
        served.add(inbox);
        return { flow: (flow) => (idle ? { ...flow, window: 0 } : flow) };
      },
    }));
}

/** What a receiver has delivered and not been asked to settle. */
class Holding {
  readonly hooks: ReceiverHooks;
  readonly #held = new Set<Delivery>();
  readonly #receiver: () => Receiver;
  #sink: Sink | undefined;

  constructor(receiver: () => Receiver) {
    this.#receiver = receiver;
    this.hooks = {
      deliver: (batch, sink) => {
        this.#sink = sink;
        for (const delivery of batch) this.#held.add(delivery);
        sink.deliver(batch);
      },
      settle: (batch, below) => {
        for (const { delivery } of batch) this.#held.delete(delivery);
        return below.settle(batch);
      },
    };
  }

  /** Others may have all of it, though its handlers run. */
  release(): void {
    const held = [...this.#held];
    this.#held.clear();
    if (held.length === 0) return;
    this.#sink?.lost(held, new WaybillError("LEASE_LOST", "the group has changed"));
    void this.#receiver().settle(held.map((delivery) => ({ delivery, outcome: "release" })));
  }
}

const members = new Map<string, Holding[]>();

/** Whoever joins takes away what the others hold. */
function shaken(from: Inbox, receiver: () => Receiver): ReceiverHooks {
  const inbox = JSON.stringify([from.source, from.group]);
  const others = members.get(inbox) ?? [];
  for (const other of others) other.release();
  const holding = new Holding(receiver);
  members.set(inbox, [...others, holding]);
  return holding.hooks;
}
