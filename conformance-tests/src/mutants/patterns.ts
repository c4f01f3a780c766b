import { fits, type Inbox, type Shape, type Transport } from "@waybill/core";
import type { Mutant } from "../mutant.ts";
import { type Hooks, wrap } from "../wrap.ts";
import { onNames } from "./tools.ts";

/** What goes wrong with patterns of topics. */
export const patternMutants: readonly Mutant[] = [
  {
    name: "takes-any-depth-for-one-segment",
    caughtBy: ["SUB-4"],
    mutate: onNames((inbox) =>
      inbox.shape.kind === "pattern" ? { ...inbox, source: inbox.source.replaceAll("*", "#") } : inbox,
    ),
  },
  {
    name: "forgets-later-topics",
    caughtBy: ["SUB-4"],
    oneProcess: true,
    mutate: (adapter) => wrap(adapter, forgetful),
  },
  {
    name: "feeds-patterns-from-queues",
    caughtBy: ["SUB-4/queues"],
    oneProcess: true,
    mutate: (adapter) => wrap(adapter, feeding),
  },
  {
    name: "redrives-to-the-topic",
    caughtBy: ["SUB-4/letters"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        walk: (inbox, visit, signal) =>
          transport.walk(
            inbox,
            async (letter) => {
              const verdict = await visit(letter);
              if (verdict !== "redrive") return verdict;
              const to = { kind: "source", name: letter.source, shape: plain } as const;
              await transport.send(to, [letter], { deadline: Date.now() + 5_000 });
              return "discard";
            },
            signal,
          ),
      })),
  },
];

const plain: Shape = { kind: "topic", ordered: false, priorities: 1, retainMs: 0 };

/** The names of all topics that were ever sent to in this process. */
const known = new Set<string>();

/** A pattern gets only from topics that were there before it. */
function forgetful(transport: Transport): Hooks {
  return {
    send(to, messages, options) {
      if (to.kind === "source") known.add(to.name);
      return transport.send(to, messages, options);
    },
    receiver(from, _flow, receiver) {
      if (from.shape.kind !== "pattern") return {};
      const before = new Set(known);
      return {
        deliver(batch, sink) {
          sink.deliver(batch.filter(({ source }) => before.has(source)));
          const later = batch.filter(({ source }) => !before.has(source));
          if (later.length > 0)
            void receiver().settle(later.map((delivery) => ({ delivery, outcome: "ack", sends: [] })));
        },
      };
    },
  };
}

const fed: { readonly inbox: Inbox; readonly transport: Transport }[] = [];

/** A pattern gets what is sent to queues as well. */
function feeding(transport: Transport): Hooks {
  return {
    receive(inbox, flow, sink) {
      if (inbox.shape.kind === "pattern") fed.push({ inbox, transport });
      return transport.receive(inbox, flow, sink);
    },
    async send(to, messages, options) {
      const isQueue = to.kind === "source" && to.shape.kind === "queue";
      const hungry = isQueue ? fed.filter(({ inbox }) => fits(inbox.source, to.name)) : [];
      for (const { inbox, transport: near } of hungry) await near.send({ kind: "inbox", inbox }, messages, options);
      return transport.send(to, messages, options);
    },
  };
}
