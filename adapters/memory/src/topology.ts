import {
  addressOf,
  type Address,
  checkLayout,
  type Clock,
  type Inbox,
  type Place,
  type Source,
  type Start,
  WaybillError,
  type WireMessage,
} from "@waybill/core";
import { Box } from "./box.ts";
import { Channel } from "./channel.ts";
import type { Scheduler } from "./scheduler.ts";

/** Where messages go: all inboxes of a source, or one inbox. */
export interface Route {
  store(message: WireMessage, now: number): void;
}

type InboxPlace = Extract<Place, { readonly kind: "inbox" }>;

/** The topics and queues of one namespace, and all inboxes. */
export class Topology {
  readonly #channels = new Map<string, Channel>();
  /** By address. */
  readonly #boxes = new Map<string, Box>();
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock;
    this.#scheduler = scheduler;
  }

  /** @throws WaybillError `NO_ROUTE` for a source that was never declared and a reply address that is gone, `MISSING` for an inbox */
  route(to: Address): Route {
    if (to.kind === "source") return this.#channel(to.name);
    if (to.kind === "inbox") return this.box(to.inbox);
    const box = this.#boxes.get(to.to);
    if (box !== undefined) return box;
    throw new WaybillError("NO_ROUTE", `nobody is at the reply address ${to.to} any more`);
  }

  /** Whether it is the reply address of an inbox that is not there any more. */
  isGone(to: Address): boolean {
    return to.kind === "reply" && !this.#boxes.has(to.to);
  }

  /** @throws WaybillError `MISSING` */
  box(inbox: Inbox): Box {
    const box = this.#boxes.get(addressOf(inbox));
    if (box !== undefined) return box;
    throw new WaybillError("MISSING", `${nameOf(inbox)} is not there; declare it`);
  }

  /** Makes what is missing, refuses what differs (LAY-1); with `verify` makes nothing (LIF-5). */
  declare(place: Place, verify: boolean): void {
    if (place.kind === "source") this.#declareSource(place, verify);
    else this.#declareInbox(place, verify);
  }

  remove(place: Place): void {
    if (place.kind === "inbox") {
      this.#removeBox(this.#boxes.get(addressOf(place.inbox)));
      return;
    }
    for (const box of this.#boxes.values()) {
      if (box.inbox.shape.kind !== "pattern" && box.inbox.source === place.name) this.#removeBox(box);
    }
    this.#channels.delete(place.name);
  }

  #declareSource({ name, shape }: Source, verify: boolean): void {
    const known = this.#channels.get(name);
    if (known !== undefined) {
      checkLayout(`${shape.kind} "${name}"`, known.shape, shape);
      return;
    }
    if (verify) throw missing(`${shape.kind} "${name}"`);
    const channel = new Channel(name, shape);
    this.#channels.set(name, channel);
    for (const box of this.#boxes.values()) if (channel.feeds(box)) channel.join(box);
    if (shape.kind !== "queue") return;
    const inbox = { source: name, shape, group: name, ordered: shape.ordered, ephemeral: false };
    this.#declareInbox({ kind: "inbox", inbox, start: { from: "now", reset: false } }, false);
  }

  #declareInbox({ inbox, start }: InboxPlace, verify: boolean): void {
    if (inbox.shape.kind !== "pattern") this.#channel(inbox.source);
    const known = this.#boxes.get(addressOf(inbox));
    if (known !== undefined) checkLayout(nameOf(inbox), layoutOf(known.inbox), layoutOf(inbox));
    else if (verify && !inbox.ephemeral) throw missing(nameOf(inbox));
    if (known === undefined) this.#fill(this.#addBox(inbox), start);
    else if (start.reset) {
      known.clear();
      this.#fill(known, start);
    }
  }

  #addBox(inbox: Inbox): Box {
    const box = new Box(inbox, this.#clock, this.#scheduler);
    this.#boxes.set(addressOf(inbox), box);
    for (const channel of this.#channels.values()) if (channel.feeds(box)) channel.join(box);
    return box;
  }

  #removeBox(box: Box | undefined): void {
    if (box === undefined) return;
    this.#boxes.delete(addressOf(box.inbox));
    for (const channel of this.#channels.values()) channel.leave(box);
    box.remove();
  }

  /** Takes in what the topics have kept since `start`, in the order it came (SUB-8). */
  #fill(box: Box, { from }: Start): void {
    if (from === "now") return;
    const since = from === "beginning" ? -Infinity : from;
    const kept = [...this.#channels.values()]
      .filter((channel) => channel.feeds(box))
      .flatMap(({ log }) => log.since(since, this.#clock.now()))
      .sort((one, other) => one.storedAt - other.storedAt);
    for (const { message, storedAt } of kept) box.store(message, storedAt);
  }

  #channel(name: string): Channel {
    const channel = this.#channels.get(name);
    if (channel !== undefined) return channel;
    throw new WaybillError("NO_ROUTE", `"${name}" was never declared`);
  }
}

function nameOf({ source, group }: Inbox): string {
  return `group "${group}" of "${source}"`;
}

function layoutOf({ ordered, ephemeral }: Inbox): Readonly<Record<string, unknown>> {
  return { ordered, ephemeral };
}

function missing(what: string): WaybillError {
  return new WaybillError("MISSING", `${what} is not there, and topology is "verify"`);
}
