import type { Adapter, Delivery, Inbox, Place, Settlement, SettleResult, Transport, WireMessage } from "@waybill/core";
import { type Hooks, type ReceiverHooks, wrap } from "../wrap.ts";

/** Changes each message on its way in. */
export function onSend(change: (message: WireMessage) => WireMessage): (adapter: Adapter) => Adapter {
  return (adapter) =>
    wrap(adapter, (transport) => ({
      send: (to, messages, options) => transport.send(to, messages.map(change), options),
    }));
}

/** Changes each delivery on its way out; it is settled as the one it was. */
export function onDelivery(
  change: (delivery: Delivery, transport: Transport) => Delivery,
): (adapter: Adapter) => Adapter {
  return (adapter) =>
    wrap(adapter, (transport) => ({ receiver: () => changing((delivery) => change(delivery, transport)) }));
}

/** Changes each settlement; undefined: it is swallowed and called settled. */
export function onSettle(
  change: (settlement: Settlement, transport: Transport, from: Inbox) => Settlement | undefined,
): (adapter: Adapter) => Adapter {
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

/** Names every source and inbox differently from what core says. */
export function onNames(change: (inbox: Inbox) => Inbox, source: (name: string) => string = (name) => name) {
  return (adapter: Adapter): Adapter => wrap(adapter, (transport) => renaming(transport, change, source));
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

function renaming(transport: Transport, inboxOf: (inbox: Inbox) => Inbox, source: (name: string) => string): Hooks {
  const inbox = (from: Inbox): Inbox => {
    const changed = inboxOf(from);
    return { ...changed, source: source(changed.source) };
  };
  const place = <P extends Place>(given: P): P =>
    given.kind === "source" ? { ...given, name: source(given.name) } : { ...given, inbox: inbox(given.inbox) };
  return {
    declare: (places) => transport.declare(places.map(place)),
    remove: (given) => transport.remove(place(given)),
    send: (to, messages, options) => {
      if (to.kind === "source") return transport.send({ ...to, name: source(to.name) }, messages, options);
      return transport.send(to.kind === "inbox" ? { ...to, inbox: inbox(to.inbox) } : to, messages, options);
    },
    receive: (from, flow, sink) => transport.receive(inbox(from), flow, sink),
    depth: (from) => transport.depth(inbox(from)),
    walk: (from, visit, signal) => transport.walk(inbox(from), visit, signal),
  };
}
