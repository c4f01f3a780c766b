import { type Address, type Inbox, inboxAt, nameOf, type Shape, WaybillError, type WireMessage } from "@waybill/core";
import { stepsFor } from "./delay.ts";
import { delayName, inboxBase, readyQueue, routeOf, shardOf, spaceNames } from "./names.ts";
import { packetOf, type Packet, type Route, type State } from "./wire.ts";

/** Where the messages of a namespace go. */
export class Routes {
  readonly #namespace: string;
  readonly #topics: string;
  /** Of queues, which every message for them asks for. */
  readonly #bases = new Map<string, string>();

  constructor(namespace: string) {
    this.#namespace = namespace;
    this.#topics = spaceNames(namespace).topics;
  }

  /** A message on its way to an address, to be delivered there from `now` on or from when it is due. @throws WaybillError `NO_ROUTE` */
  packet(to: Address, message: WireMessage, now: number): Packet {
    const state = stateOf(to, message, now);
    const delayMs = message.deliverAt === undefined ? 0 : message.deliverAt - now;
    if (to.kind === "source" && to.shape.kind !== "queue") {
      const route = routeOf(to.name, topicLane(to.shape, message));
      return packetOf(
        message,
        state,
        this.#delayed({ exchange: this.#topics, routingKey: route, mandatory: false }, delayMs),
      );
    }
    return packetOf(message, state, this.#delayed(direct(this.#queueFor(to, message)), delayMs));
  }

  /** A copy of a message for one queue of its inbox, after a delay or at once. */
  copy(queue: string, message: WireMessage, state: State, delayMs: number): Packet {
    return packetOf(message, state, this.#delayed(direct(queue), delayMs));
  }

  baseOf(inbox: Inbox): string {
    return inboxBase(this.#namespace, nameOf(inbox));
  }

  #queueFor(to: Address, message: WireMessage): string {
    switch (to.kind) {
      case "source": {
        const lane = inboxLane(to.shape, to.shape.ordered, message);
        return readyQueue(this.#baseOfQueue(to.name), lane);
      }
      case "inbox":
        return readyQueue(this.baseOf(to.inbox), inboxLane(to.inbox.shape, to.inbox.ordered, message));
      case "reply": {
        const name = inboxAt(to.to);
        if (name === undefined)
          throw new WaybillError("NO_ROUTE", "rabbitmq: the address for the reply is none of ours");
        return readyQueue(inboxBase(this.#namespace, name), 0);
      }
    }
  }

  #baseOfQueue(name: string): string {
    const known = this.#bases.get(name);
    if (known !== undefined) return known;
    const base = inboxBase(this.#namespace, { source: name, group: name, isPattern: false });
    this.#bases.set(name, base);
    return base;
  }

  #delayed(route: Route, delayMs: number): Route {
    if (delayMs <= 0) return route;
    const { level, steps } = stepsFor(delayMs, route.exchange === "" ? "queue" : "topic");
    // A level takes everything, so one that is not there is known by the return.
    return { exchange: delayName(this.#namespace, level), routingKey: route.routingKey, mandatory: true, steps };
  }
}

/** By default queue names are routes. */
function direct(queue: string): Route {
  return { exchange: "", routingKey: queue, mandatory: true };
}

/** Which queue of an inbox takes a message. */
export function inboxLane(
  shape: Shape,
  ordered: boolean,
  { key, priority }: Pick<WireMessage, "key" | "priority">,
): number {
  if (ordered) return key === undefined ? 0 : shardOf(key);
  return shape.priorities > 1 ? priority : 0;
}

/** Groups that keep no order take all lanes of a topic without priorities. */
function topicLane(shape: Shape, message: WireMessage): number {
  return inboxLane(shape, shape.priorities === 1, message);
}

/** What the place it lies in does not tell. */
function stateOf(to: Address, { source, deliverAt, priority }: WireMessage, now: number): State | undefined {
  const isKept = to.kind === "source" && to.shape.retainMs > 0;
  const isTold = to.kind === "source" ? to.name === source : to.kind === "inbox" && to.inbox.source === source;
  if (isTold && deliverAt === undefined && priority === 0 && !isKept) return undefined;
  return {
    ...(isTold ? {} : { source }),
    ...(deliverAt === undefined ? {} : { deliverAt }),
    ...(priority === 0 ? {} : { priority }),
    ...(isKept ? { at: now } : {}),
  };
}
