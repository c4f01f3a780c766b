import type { Delivery, Depth, Headers } from "@waybill/core";
import { WaybillError } from "@waybill/core";
import type { Mutant } from "../mutant.ts";
import { wrap } from "../wrap.ts";
import { afterwards, onSend } from "./tools.ts";

/** What goes wrong for those who operate: numbers, verifying, removing, upgrading, walking through many letters. */
export const operatingMutants: readonly Mutant[] = [
  {
    name: "counts-what-is-held-as-ready",
    caughtBy: ["LIF-4", "LIF-4/keys"],
    mutate: counting((depth) => ({ ...depth, ready: (depth.ready ?? 0) + (depth.inFlight ?? 0), inFlight: 0 })),
  },
  {
    name: "counts-what-is-delayed-as-ready",
    caughtBy: ["LIF-4", "LIF-4/delayed"],
    mutate: counting((depth) => ({ ...depth, ready: (depth.ready ?? 0) + (depth.delayed ?? 0), delayed: 0 })),
  },
  {
    name: "counts-nothing",
    caughtBy: ["LIF-4", "LIF-4/delayed", "LIF-4/groups", "LIF-4/keys"],
    mutate: counting((depth) => ({ ...depth, ready: 0, inFlight: 0, delayed: 0, dead: 0 })),
  },
  {
    name: "tells-an-age-for-a-time",
    caughtBy: ["LIF-4/oldest"],
    mutate: counting(({ oldestAt = Date.now(), ...depth }) => ({ ...depth, oldestAt: Date.now() - oldestAt })),
  },
  {
    name: "creates-where-it-should-verify",
    caughtBy: ["LIF-5/missing", "LIF-5/group"],
    mutate: (adapter) => ({
      ...adapter,
      connect: (url, context) => adapter.connect(url, { ...context, topology: "create" }),
    }),
  },
  {
    name: "does-not-say-what-is-missing",
    caughtBy: ["LIF-5/missing", "LIF-5/group"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        declare: (places) =>
          transport.declare(places).catch((error: unknown) => {
            throw error instanceof WaybillError && error.code === "MISSING"
              ? new WaybillError("MISSING", "something is not there")
              : error;
          }),
      })),
  },
  {
    name: "takes-everything-for-missing",
    caughtBy: ["LIF-5/works"],
    mutate: (adapter) =>
      wrap(adapter, (transport, { topology }) => ({
        declare: (places) =>
          topology === "create"
            ? transport.declare(places)
            : Promise.reject(new WaybillError("MISSING", `${places.length} places are not there`)),
      })),
  },
  {
    name: "removes-nothing",
    caughtBy: ["GRP-1/group", "GRP-1/queue", "GRP-1/topic", "GRP-1/again"],
    mutate: (adapter) => wrap(adapter, () => ({ remove: () => Promise.resolve() })),
  },
  {
    name: "removes-the-whole-topic-for-a-group",
    caughtBy: ["GRP-1/group"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        remove: (place) =>
          transport.remove(
            place.kind === "source" ? place : { kind: "source", name: place.inbox.source, shape: place.inbox.shape },
          ),
      })),
  },
  {
    name: "drops-what-a-later-version-has-added",
    caughtBy: ["LAY-2/future"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        walk: (inbox, visit, signal) =>
          transport.walk(inbox, (letter) => visit({ ...letter, headers: known(letter.headers) }), signal),
      })),
  },
  {
    name: "writes-bodies-anew",
    caughtBy: ["LAY-2/future"],
    mutate: onSend((message) => {
      const { futureextension: _, ...event } = JSON.parse(Buffer.from(message.body).toString("utf8")) as Headers;
      return { ...message, body: Buffer.from(JSON.stringify(event)) };
    }),
  },
  {
    name: "lists-all-letters-at-once",
    caughtBy: ["DLQ-5/many"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        async walk(inbox, visit, signal) {
          const letters: Delivery[] = [];
          const keep = async (letter: Delivery): Promise<"keep"> => {
            letters.push({ ...letter, body: Uint8Array.from(letter.body) });
            return "keep";
          };
          await transport.walk(inbox, keep, signal);
          for (const letter of letters) await visit(letter);
        },
      })),
  },
  {
    name: "takes-letters-away-before-it-gives-them-back",
    caughtBy: ["DLQ-6/interrupted"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        async walk(inbox, visit, signal) {
          const letters: Delivery[] = [];
          const take = async (letter: Delivery): Promise<"discard"> => (letters.push(letter), "discard");
          await transport.walk(inbox, take, signal);
          for (const letter of letters) {
            if ((await visit(letter)) === "redrive")
              await transport.send({ kind: "inbox", inbox }, [letter], { deadline: Date.now() + 5_000 });
          }
        },
      })),
  },
  {
    name: "ignores-priorities",
    caughtBy: ["PRI-1"],
    mutate: onSend((message) => ({ ...message, priority: 0 })),
  },
  {
    name: "keeps-what-is-delayed-in-the-publisher",
    caughtBy: ["DLY-1/groups"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        send(to, messages, options) {
          const wait = Math.max(...messages.map(({ deliverAt = 0 }) => deliverAt)) - Date.now();
          if (wait <= 0) return transport.send(to, messages, options);
          afterwards(wait, () => transport.send(to, messages, { ...options, deadline: options.deadline + wait }));
          return Promise.resolve(messages.map(() => "stored"));
        },
      })),
  },
];

function counting(change: (depth: Depth) => Depth): Mutant["mutate"] {
  return (adapter) => wrap(adapter, (transport) => ({ depth: async (inbox) => change(await transport.depth(inbox)) }));
}

/** The headers a version of today knows: its own, and the user's. */
function known(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === "waybill-note" || !name.startsWith("waybill-")),
  );
}
