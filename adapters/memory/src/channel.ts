import { fits, type Shape, type WireMessage } from "@waybill/core";
import type { Box } from "./box.ts";
import { Log } from "./log.ts";

/** A topic or queue: which inboxes get a copy of what is sent to it, and what it keeps for replay. */
export class Channel {
  readonly name: string;
  readonly shape: Shape;
  readonly log: Log;
  readonly #boxes = new Set<Box>();

  constructor(name: string, shape: Shape) {
    this.name = name;
    this.shape = shape;
    this.log = new Log(shape.retainMs);
  }

  store(message: WireMessage, now: number): void {
    for (const box of this.#boxes) box.store(message, now);
    this.log.append(message, now);
  }

  /** Whether the inbox is one of its own groups', or of a pattern that it fits (SUB-4). */
  feeds({ inbox: { source, shape } }: Box): boolean {
    if (shape.kind !== "pattern") return source === this.name;
    return this.shape.kind === "topic" && fits(source, this.name);
  }

  join(box: Box): void {
    this.#boxes.add(box);
  }

  leave(box: Box): void {
    this.#boxes.delete(box);
  }
}
