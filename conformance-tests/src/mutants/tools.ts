import type {
  Adapter,
  Delivery,
  Flow,
  Inbox,
  Place,
  Settlement,
  SettleResult,
  Source,
  Transport,
  WireMessage,
} from "@waybill/core";
import { type Hooks, type ReceiverHooks, wrap } from "../wrap.ts";

type Mutate = (adapter: Adapter) => Adapter;

/** Changes each message on its way in. */
export function onSend(change: (message: WireMessage) => WireMessage): Mutate {
  return (adapter) =>
    wrap(adapter, (transport) => ({
      send: (to, messages, options) => transport.send(to, messages.map(change), options),
    }));
}

/** Changes each delivery on its way out; it is settled as the one it was. */
export function onDelivery(change: (delivery: Delivery, transport: Transport) => Delivery): Mutate {
  return (adapter) =>
    wrap(adapter, (transport) => ({ receiver: () => changing((delivery) => change(delivery, transport)) }));
}

/** Changes each settlement; undefined: it is swallowed and called settled. */
export function onSettle(
  change: (settlement: Settlement, transport: Transport, from: Inbox) => Settlement | undefined,
): Mutate {
  return (adapter) =>
    wrap(adapter, (transport) => ({
      receiver: (from) => ({
        async settle(batch, receiver): Promise<readonly SettleResult[]> {
          const changed = batch.map((settlement) => change(settlement, transport, from));
          const results = await receiver.settle(changed.filter((settlement) => settlement !== undefined));
          const next = results[Symbol.iterator]();
          return changed.map((settlement) => (settlement === undefined ? "settled" : (next.next().value ?? "settled")));
        },
      }),
    }));
}

/** Changes how much each receiver may hold. */
export function onFlow(change: (flow: Flow) => Flow): Mutate {
  return (adapter) => wrap(adapter, () => ({ receiver: () => ({ flow: change }) }));
}

/** Names every source and inbox differently from what core says. */
export function onNames(change: (inbox: Inbox) => Inbox, name: (source: string) => string = (same) => same): Mutate {
  const inboxOf = (inbox: Inbox): Inbox => {
    const changed = change(inbox);
    return { ...changed, source: name(changed.source) };
  };
  return onPlaces(inboxOf, (source) => ({ ...source, name: name(source.name) }));
}

/** Lays every source and inbox out differently from what core says. */
export function onPlaces(inboxOf: (inbox: Inbox) => Inbox, sourceOf: (source: Source) => Source): Mutate {
  return (adapter) => wrap(adapter, (transport) => moving(transport, inboxOf, sourceOf));
}

/** Waits, then does it, whatever comes of it. */
export function afterwards(ms: number, work: () => Promise<unknown>): void {
  setTimeout(() => void work().catch(() => undefined), ms);
}

function changing(change: (delivery: Delivery) => Delivery): ReceiverHooks {
  const originals = new WeakMap<Delivery, Delivery>();
  const changedOf = new WeakMap<Delivery, Delivery>();
  const forth = (delivery: Delivery): Delivery => {
    const changed = { ...change(delivery) };
    originals.set(changed, delivery);
    changedOf.set(delivery, changed);
    return changed;
  };
  return {
    deliver: (batch, sink) => sink.deliver(batch.map(forth)),
    lost: (batch, cause, sink) =>
      sink.lost(
        batch.map((delivery) => changedOf.get(delivery) ?? delivery),
        cause,
      ),
    settle: (batch, receiver) =>
      receiver.settle(
        batch.map((settlement) => ({
          ...settlement,
          delivery: originals.get(settlement.delivery) ?? settlement.delivery,
        })),
      ),
  };
}

function moving(transport: Transport, inboxOf: (inbox: Inbox) => Inbox, sourceOf: (source: Source) => Source): Hooks {
  const placeOf = (place: Place): Place =>
    place.kind === "source" ? sourceOf(place) : { ...place, inbox: inboxOf(place.inbox) };
  return {
    declare: (places) => transport.declare(places.map(placeOf)),
    remove: (place) => transport.remove(placeOf(place)),
    send: (to, messages, options) => {
      if (to.kind === "source") return transport.send(sourceOf(to), messages, options);
      return transport.send(to.kind === "inbox" ? { ...to, inbox: inboxOf(to.inbox) } : to, messages, options);
    },
    receive: (from, flow, sink) => transport.receive(inboxOf(from), flow, sink),
    depth: (from) => transport.depth(inboxOf(from)),
    walk: (from, visit, signal) => transport.walk(inboxOf(from), visit, signal),
  };
}
