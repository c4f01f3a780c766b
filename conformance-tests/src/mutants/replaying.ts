import type { Place, Shape } from "@waybill/core";
import type { Mutant } from "../mutant.ts";
import { wrap } from "../wrap.ts";

/** What goes wrong with what a topic has kept. */
export const replayingMutants: readonly Mutant[] = [
  {
    name: "starts-everybody-now",
    caughtBy: ["SUB-8", "SUB-8/order", "RET-1"],
    mutate: onStart((place) => ({ ...place, start: { from: "now", reset: false } })),
  },
  {
    name: "starts-everybody-at-the-beginning",
    caughtBy: ["SUB-8"],
    mutate: onStart((place) =>
      place.start.from === "now" ? place : { ...place, start: { ...place.start, from: "beginning" } },
    ),
  },
  {
    name: "starts-again-whenever-it-is-declared",
    caughtBy: ["SUB-8/existing"],
    mutate: onStart((place) => ({ ...place, start: { ...place.start, reset: place.start.from !== "now" } })),
  },
  {
    name: "ignores-a-seek",
    caughtBy: ["SUB-8/seek", "SUB-8/in-hand"],
    mutate: onStart((place) => ({ ...place, start: { ...place.start, reset: false } })),
  },
  {
    name: "keeps-for-too-short",
    caughtBy: ["RET-1"],
    // A carrier may keep for rather longer than it is told, so it is told nothing else.
    mutate: onStart(({ kind, inbox, start }) => ({
      kind,
      inbox,
      start: start.from === "beginning" ? { ...start, from: Date.now() - 50 } : start,
    })),
  },
  {
    name: "keeps-for-ever",
    caughtBy: ["RET-1"],
    mutate: onShape((shape) => (shape.retainMs > 0 ? { ...shape, retainMs: 10 ** 9 } : shape)),
  },
];

function onPlace(change: (place: Place) => Place): Mutant["mutate"] {
  return (adapter) => wrap(adapter, (transport) => ({ declare: (places) => transport.declare(places.map(change)) }));
}

function onShape(change: (shape: Shape) => Shape): Mutant["mutate"] {
  return onPlace((place) =>
    place.kind === "source"
      ? { ...place, shape: change(place.shape) }
      : { ...place, inbox: { ...place.inbox, shape: change(place.inbox.shape) } },
  );
}

function onStart(change: (place: Extract<Place, { readonly kind: "inbox" }>) => Place): Mutant["mutate"] {
  return onPlace((place) => (place.kind === "inbox" ? change(place) : place));
}
