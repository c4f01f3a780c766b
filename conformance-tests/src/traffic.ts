import type { Delivery, Settlement, Transport, WireMessage } from "@waybill/core";
import type { Hooks, ReceiverHooks } from "./wrap.ts";

/** How late a carrier may make ready what is delayed, ms. */
const latenessMs = 1_000;

/**
 * What passes between core and the carrier. Where a carrier cannot tell how much is in flight or delayed, a case goes by what it has
 * seen of it itself.
 */
export class Traffic {
  readonly #held = new Set<Delivery>();
  #movedAt = performance.now();
  /** Epoch ms. */
  #dueAt = 0;

  /** How long nothing has moved, nothing is held and nothing is still to fall due, ms. */
  get stillFor(): number {
    if (this.#held.size > 0 || Date.now() < this.#dueAt) return 0;
    return performance.now() - this.#movedAt;
  }

  /** Something has moved. */
  touch(): void {
    this.#movedAt = performance.now();
  }

  /** What listens to a transport. */
  hooksOf(transport: Transport): Hooks {
    return {
      send: async (to, messages, options) => {
        this.#due(messages);
        const results = await transport.send(to, messages, options);
        this.touch();
        return results;
      },
      walk: async (inbox, visit, signal) => {
        await transport.walk(inbox, visit, signal);
        this.touch();
      },
      receiver: () => this.#receiver(),
    };
  }

  #receiver(): ReceiverHooks {
    const mine = new Set<Delivery>();
    const letGo = (delivery: Delivery): void => {
      mine.delete(delivery);
      this.#held.delete(delivery);
      this.touch();
    };
    return {
      deliver: (batch, sink) => {
        for (const delivery of batch) {
          mine.add(delivery);
          this.#held.add(delivery);
        }
        sink.deliver(batch);
      },
      lost: (batch, cause, sink) => {
        batch.forEach(letGo);
        sink.lost(batch, cause);
      },
      settle: async (batch, receiver) => {
        batch.forEach((settlement) => this.#settling(settlement));
        const results = await receiver.settle(batch);
        for (const [index, { delivery }] of batch.entries()) if (typeof results[index] === "string") letGo(delivery);
        return results;
      },
      close: async (receiver) => {
        await receiver.close();
        [...mine].forEach(letGo);
      },
    };
  }

  #settling(settlement: Settlement): void {
    if (settlement.outcome === "retry") this.#dueIn(settlement.delayMs);
    if (settlement.outcome === "ack") this.#due(settlement.sends.map(([, message]) => message));
  }

  #due(messages: readonly WireMessage[]): void {
    for (const { deliverAt } of messages) if (deliverAt !== undefined) this.#dueIn(deliverAt - Date.now());
  }

  #dueIn(ms: number): void {
    this.#dueAt = Math.max(this.#dueAt, Date.now() + ms + latenessMs);
  }
}
