import { type Clock, type Inbox, type Place, type Shape, type Source, WaybillError } from "@waybill/core";
import { Box } from "./box.ts";
import type { Scheduler } from "./scheduler.ts";

interface Group {
  readonly shape: Shape;
  readonly boxes: Map<string, Box>;
}

/** The topics and queues of one namespace, and the inboxes of each. */
export class Topology {
  readonly #sources = new Map<string, Group>();
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock;
    this.#scheduler = scheduler;
  }

  /** All inboxes of a source. @throws WaybillError `NO_ROUTE` where it was never declared */
  boxes(source: string): Iterable<Box> {
    return this.#source(source).boxes.values();
  }

  /** @throws WaybillError `MISSING` */
  box({ source, group }: Inbox): Box {
    const box = this.#sources.get(source)?.boxes.get(group);
    if (box !== undefined) return box;
    throw new WaybillError("MISSING", `group "${group}" of "${source}" is not there; declare it`);
  }

  /** Makes what is missing, refuses what differs (LAY-1); with `verify` makes nothing (LIF-5). */
  declare(place: Place, verify: boolean): void {
    if (place.kind === "source") this.#declareSource(place, verify);
    else this.#declareInbox(place.inbox, verify);
  }

  remove(place: Place): void {
    const boxes = this.#sources.get(place.kind === "source" ? place.name : place.inbox.source)?.boxes;
    if (place.kind === "source") {
      for (const box of boxes?.values() ?? []) box.remove();
      this.#sources.delete(place.name);
      return;
    }
    boxes?.get(place.inbox.group)?.remove();
    boxes?.delete(place.inbox.group);
  }

  #declareSource({ name, shape }: Source, verify: boolean): void {
    const known = this.#sources.get(name);
    if (known !== undefined) {
      refuse(`${shape.kind} "${name}"`, known.shape, shape);
      return;
    }
    if (verify) throw new WaybillError("MISSING", `${shape.kind} "${name}" is not there, and topology is "verify"`);
    this.#sources.set(name, { shape, boxes: new Map() });
    if (shape.kind === "queue") {
      this.#declareInbox({ source: name, shape, group: name, ordered: shape.ordered, ephemeral: false }, false);
    }
  }

  #declareInbox(inbox: Inbox, verify: boolean): void {
    const { boxes } = this.#source(inbox.source);
    const known = boxes.get(inbox.group);
    if (known !== undefined) {
      refuse(`group "${inbox.group}" of "${inbox.source}"`, layoutOf(known.inbox), layoutOf(inbox));
      return;
    }
    if (verify && !inbox.ephemeral) {
      throw new WaybillError(
        "MISSING",
        `group "${inbox.group}" of "${inbox.source}" is not there, and topology is "verify"`,
      );
    }
    boxes.set(inbox.group, new Box(inbox, this.#clock, this.#scheduler));
  }

  #source(name: string): Group {
    const source = this.#sources.get(name);
    if (source !== undefined) return source;
    throw new WaybillError("NO_ROUTE", `"${name}" was never declared`);
  }
}

function layoutOf({ ordered, ephemeral }: Inbox): Readonly<Record<string, unknown>> {
  return { ordered, ephemeral };
}

/** @throws WaybillError `TOPOLOGY_MISMATCH` naming each difference */
function refuse(what: string, there: object, asked: object): void {
  const has = there as Readonly<Record<string, unknown>>;
  const differences = Object.entries(asked)
    .filter(([name, value]) => has[name] !== value)
    .map(([name, value]) => `${name} is ${String(has[name])}, asked for is ${String(value)}`);
  if (differences.length === 0) return;
  throw new WaybillError(
    "TOPOLOGY_MISMATCH",
    `${what} exists with another layout: ${differences.join("; ")}; use another name, or remove it first`,
  );
}
