import type { Depth, Verdict, Visit } from "@waybill/core";
import { WaybillError } from "@waybill/core";
import type { Mutant } from "../mutant.ts";
import { wrap } from "../wrap.ts";

/** What goes wrong with dead letters, layout, the manifest and the end. */
export const keepingMutants: readonly Mutant[] = [
  {
    name: "shows-letters-twice",
    caughtBy: ["DLQ-1"],
    mutate: visiting((visit) => async (letter) => {
      const verdict = await visit(letter);
      return verdict === "keep" ? visit(letter) : verdict;
    }),
  },
  {
    name: "takes-what-it-lists",
    caughtBy: ["DLQ-5/list", "DLQ-5/side-by-side"],
    mutate: visiting((visit) => async (letter) => {
      const verdict = await visit(letter);
      return verdict === "keep" ? "discard" : verdict;
    }),
  },
  { name: "discards-one-more", caughtBy: ["DLQ-5/discard", "DLQ-5/signal"], mutate: oneMore("discard") },
  { name: "redrives-one-more", caughtBy: ["DLQ-6/some"], mutate: oneMore("redrive") },
  {
    name: "redrives-to-every-group",
    caughtBy: ["DLQ-6/alone"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        walk: ({ source, shape, ...inbox }, visit, signal) =>
          transport.walk(
            { source, shape, ...inbox },
            async (letter) => {
              const verdict = await visit(letter);
              if (verdict !== "redrive") return verdict;
              await transport.send({ kind: "source", name: source, shape }, [letter], { deadline: Date.now() + 5_000 });
              return "discard";
            },
            signal,
          ),
      })),
  },
  {
    name: "swallows-a-second-redrive",
    caughtBy: ["DLQ-6/at-once"],
    mutate: (adapter) => {
      const known = new Set<string>();
      return visiting((visit) => async (letter) => {
        const verdict = await visit(letter);
        if (verdict !== "redrive" || !known.has(letter.id)) {
          if (verdict === "redrive") known.add(letter.id);
          return verdict;
        }
        return "discard";
      })(adapter);
    },
  },
  {
    name: "never-closes",
    caughtBy: ["LIF-2/repeat"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        async close() {
          await transport.close();
          await new Promise<never>(() => undefined);
        },
      })),
  },
  {
    name: "leaves-a-timer",
    caughtBy: ["LIF-2/resources"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => {
        setTimeout(() => undefined, 20_000);
        return { close: () => transport.close() };
      }),
  },
  {
    name: "accepts-any-layout",
    caughtBy: ["LAY-1/mismatch", "LIF-5/differs"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        declare: (places) =>
          transport.declare(places).catch((error: unknown) => {
            if (!(error instanceof WaybillError) || error.code !== "TOPOLOGY_MISMATCH") throw error;
          }),
      })),
  },
  {
    name: "recreates-an-inbox",
    caughtBy: ["LAY-1/tuning", "LAY-2/members"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        async receive(inbox, flow, sink) {
          const place = { kind: "inbox", inbox, start: { from: "now", reset: false } } as const;
          await transport.remove(place);
          await transport.declare([place]);
          return transport.receive(inbox, flow, sink);
        },
      })),
  },
  {
    name: "says-that-nothing-waits",
    caughtBy: ["LIF-3/stalled"],
    mutate: counting((depth) => ({ ...depth, ready: 0, oldestAt: undefined })),
  },
  {
    name: "says-that-something-waits",
    caughtBy: ["LIF-3"],
    mutate: counting((depth) => ({ ...depth, ready: (depth.ready ?? 0) + 1, oldestAt: 0 })),
  },
  {
    name: "calls-ready-what-is-in-hand",
    caughtBy: ["LIF-3/keys"],
    mutate: counting(({ inFlight = 5, ready = 0, ...depth }) => ({
      ...depth,
      ready: ready + inFlight,
      inFlight: 0,
      oldestAt: 0,
    })),
  },
  {
    name: "changes-its-manifest",
    caughtBy: ["CAP-1/constant"],
    mutate: (adapter) => {
      let times = 0;
      return wrap(adapter, (transport) => ({
        supports: (shape) => ({ ...transport.supports(shape), maxDelay: 1_000_000 + (times += 1) }),
      }));
    },
  },
];

function visiting(change: (visit: Visit) => Visit): Mutant["mutate"] {
  return (adapter) =>
    wrap(adapter, (transport) => ({
      walk: (inbox, visit, signal) => transport.walk(inbox, change(visit), signal),
    }));
}

function counting(change: (depth: Depth) => Depth): Mutant["mutate"] {
  return (adapter) => wrap(adapter, (transport) => ({ depth: async (inbox) => change(await transport.depth(inbox)) }));
}

/** After a letter that was discarded (or redriven) the next one is as well. */
function oneMore(which: Verdict): Mutant["mutate"] {
  return visiting((visit) => {
    let more = false;
    return async (letter) => {
      const verdict = await visit(letter);
      const spilled = more && verdict === "keep";
      more = verdict === which;
      return spilled ? which : verdict;
    };
  });
}
