import type { Random } from "@waybill/core";
import type { Box } from "./box.ts";

/**
 * Deals out what is ready, once in each turn of the event loop. Without a seed receivers take turns and fill their windows; with
 * one, who comes first and how much he gets is drawn by chance, so that a seed stands for one interleaving.
 */
export class Scheduler {
  readonly #random: Random | undefined;
  readonly #boxes = new Set<Box>();
  #scheduled = false;

  constructor(random: Random | undefined) {
    this.#random = random;
  }

  schedule(box: Box): void {
    this.#boxes.add(box);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const boxes = [...this.#boxes];
      this.#boxes.clear();
      for (const dealt of boxes) this.#deal(dealt);
    });
  }

  #deal(box: Box): void {
    const receivers = this.#turns(box);
    for (const receiver of receivers) {
      if (!box.hasReady) return;
      const share = Math.ceil(receiver.room / (this.#random === undefined ? 1 : 1 + Math.floor(this.#random() * 3)));
      receiver.take(share);
    }
    if (box.hasReady && receivers.some(({ room }) => room > 0)) this.schedule(box);
  }

  /** Who is served first; whoever was served goes to the end. */
  #turns(box: Box): readonly { readonly room: number; take(share: number): void }[] {
    const receivers = [...box.receivers].filter(({ room }) => room > 0);
    const [first] = receivers;
    if (first === undefined) return [];
    if (this.#random === undefined) {
      box.receivers.delete(first);
      box.receivers.add(first);
      return receivers;
    }
    const random = this.#random;
    return receivers
      .map((receiver) => ({ receiver, at: random() }))
      .sort((one, other) => one.at - other.at)
      .map(({ receiver }) => receiver);
  }
}
