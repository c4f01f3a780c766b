import type { Address, Inbox, SendResult, Settlement, SettleResult, WaybillError } from "@waybill/core";
import { Batcher } from "./batcher.ts";
import { entryError } from "./errors.ts";
import { errorOf } from "./gate.ts";
import type { Memory } from "./memory.ts";
import type { Parcel, Target } from "./outbox.ts";
import type { Shared } from "./shared.ts";
import { countsAfter, type Held } from "./wire.ts";

/** A settlement of something that is in hand. */
export type Mine = Settlement & { readonly delivery: Held };

export interface SettlementsOptions {
  readonly inbox: Inbox;
  readonly shared: Shared;
  /** The URLs of the inbox's queues, the lowest priority first. */
  readonly levels: readonly string[];
  readonly memory: Memory;
}

interface Hide {
  readonly handle: string;
  readonly seconds: number;
}

/** Settles what is in hand, in batches of ten of each kind. */
export class Settlements {
  readonly #options: SettlementsOptions;
  readonly #deletes: readonly Batcher<string, SettleResult>[];
  readonly #hides: readonly Batcher<Hide, SettleResult>[];
  readonly #copies: readonly Batcher<Parcel, SendResult>[];
  readonly #letters: Batcher<Parcel, SendResult>;
  /** What handlers send, by where it goes. */
  readonly #sends = new Map<string, Batcher<Parcel, SendResult>>();
  #dead: Promise<string> | undefined;

  constructor(options: SettlementsOptions) {
    const { levels, inbox } = options;
    this.#options = options;
    this.#deletes = levels.map((url) => new Batcher((handles) => this.#delete(url, handles)));
    this.#hides = levels.map((url) => new Batcher((hides) => this.#hide(url, hides)));
    this.#copies = levels.map((url) => {
      const target: Target = { kind: "queue", at: url, ordered: inbox.ordered };
      return new Batcher((parcels) => this.#send(target, parcels));
    });
    this.#letters = new Batcher(async (parcels) => this.#bury(parcels));
  }

  /** What becomes of one; an error says that it is still ours. Never rejects. */
  async settle(settlement: Mine): Promise<SettleResult> {
    const { delivery } = settlement;
    if (this.#isOver(delivery)) return "lost";
    // Its copy is stored, and only its deletion was not confirmed.
    if (delivery.copied) return this.delete(delivery);
    switch (settlement.outcome) {
      case "ack":
        return (await this.#effects(settlement)) ?? this.delete(delivery);
      case "dead":
        return this.#die(settlement);
      case "retry":
        return this.#again(settlement);
      case "release":
        return this.#again({ delivery, outcome: "retry", delayMs: 0, failed: false, note: {} });
    }
  }

  /** What was settled before it was delivered (ACK-6) has nothing left but what its handler sent. */
  async effectsAlone(settlement: Mine): Promise<SettleResult> {
    return (settlement.outcome === "ack" ? await this.#effects(settlement) : undefined) ?? "settled";
  }

  /** Deletes it from its queue; `lost` where its handle is none any more. */
  async delete({ handle, level, messageId }: Held): Promise<SettleResult> {
    const result = await (this.#deletes[level]?.add(handle) ?? "lost");
    if (result === "settled") this.#options.memory.forget(messageId);
    return result;
  }

  /** Keeps it for so long from now. */
  async hide({ handle, level }: Held, ms: number): Promise<SettleResult> {
    return this.#hides[level]?.add({ handle, seconds: Math.ceil(ms / 1_000) }) ?? "lost";
  }

  /** What the handler has sent leaves before its message goes; each once, however often this is tried. */
  async #effects({ delivery, sends }: Mine & { readonly outcome: "ack" }): Promise<WaybillError | undefined> {
    const { shared } = this.#options;
    while (delivery.effects < sends.length) {
      const next = sends[delivery.effects];
      if (next === undefined) break;
      const [to, message] = next;
      const result = await this.#sendTo(to, { message });
      // A reply nobody waits for any more is dropped (RPC-1).
      const isDropped = result !== "stored" && to.kind === "reply" && result.error.code === "NO_ROUTE";
      if (result !== "stored" && !isDropped) return result.error;
      if (isDropped) shared.context.report("dropped", this.#options.inbox, result.error);
      delivery.effects += 1;
    }
    return undefined;
  }

  async #sendTo(to: Address, parcel: Parcel): Promise<SendResult> {
    const { shared } = this.#options;
    try {
      const target = await shared.route(to);
      if (to.kind !== "reply") return await this.#batcherTo(target).add(parcel);
      const [result] = await shared.outbox.send(target, [parcel], this.#deadline());
      return result ?? "stored";
    } catch (thrown) {
      return { outcome: "refused", error: errorOf(thrown) };
    }
  }

  /** One for each topic and queue, of which there are few; replies go to any number of queues. */
  #batcherTo(target: Target): Batcher<Parcel, SendResult> {
    const known = this.#sends.get(target.at);
    if (known !== undefined) return known;
    const batcher = new Batcher((parcels: readonly Parcel[]) => this.#send(target, parcels));
    this.#sends.set(target.at, batcher);
    return batcher;
  }

  /**
   * An ordered message stays in its place, hidden. What is not failed and has something written on it is core's own and alone in its
   * queue (the token of a schedule), so it is copied as all others are, with what has to be written on them, and deleted.
   */
  async #again({ delivery, delayMs, failed, note }: Mine & { readonly outcome: "retry" }): Promise<SettleResult> {
    const { inbox, memory, shared } = this.#options;
    if (inbox.ordered && (failed || Object.keys(note).length === 0)) {
      await delivery.renewal;
      const result = await this.hide(delivery, delayMs);
      if (result === "settled") memory.note(delivery, note, failed);
      return result;
    }
    const deliverAt = delayMs > 0 ? shared.context.clock.now() + delayMs : undefined;
    const message = { ...moved(delivery), deliverAt, headers: { ...delivery.headers, ...note } };
    // What has failed is seen to wait in the queue; what was only put off comes to the millisecond.
    const early = failed ? undefined : true;
    const parcel = { message, counts: countsAfter(delivery, failed), early } as const;
    return this.#move(delivery, this.#copies[delivery.level]?.add(parcel));
  }

  async #die({ delivery, note }: Mine & { readonly outcome: "dead" }): Promise<SettleResult> {
    const { failures, deliveries = 0 } = delivery;
    const message = { ...moved(delivery), deliverAt: undefined, headers: { ...delivery.headers, ...note } };
    return this.#move(delivery, this.#letters.add({ message, counts: { failures, deliveries } }));
  }

  /** Stored there, then deleted here: a crash between leaves two, never none. */
  async #move(delivery: Held, copying: Promise<SendResult> | undefined): Promise<SettleResult> {
    const result = await copying;
    if (result !== undefined && result !== "stored") return result.error;
    delivery.copied = true;
    return this.delete(delivery);
  }

  async #bury(parcels: readonly Parcel[]): Promise<readonly SendResult[]> {
    const { inbox } = this.#options;
    try {
      this.#dead ??= this.#deadUrl();
      const target: Target = { kind: "queue", at: await this.#dead, ordered: inbox.ordered };
      // Each by itself, so that one that is looked at locks no other.
      const alone = inbox.ordered ? parcels.map(unlocked) : parcels;
      return await this.#send(target, alone);
    } catch (thrown) {
      this.#dead = undefined;
      return parcels.map(() => ({ outcome: "refused", error: errorOf(thrown) }));
    }
  }

  async #deadUrl(): Promise<string> {
    const { shared, inbox } = this.#options;
    return (await shared.topology.deadOf(inbox)) ?? shared.topology.makeDead(inbox);
  }

  #send(target: Target, parcels: readonly Parcel[]): Promise<readonly SendResult[]> {
    return this.#options.shared.outbox.send(target, parcels, this.#deadline());
  }

  async #delete(url: string, handles: readonly string[]): Promise<readonly SettleResult[]> {
    const { api } = this.#options.shared;
    return this.#answered(handles, "sqs:DeleteMessage", () => api.deleteBatch(url, handles, this.#deadline()));
  }

  async #hide(url: string, hides: readonly Hide[]): Promise<readonly SettleResult[]> {
    const { api } = this.#options.shared;
    return this.#answered(hides, "sqs:ChangeMessageVisibility", () => api.hideBatch(url, hides, this.#deadline()));
  }

  /** What the sender is at fault for is a handle that is none any more. */
  async #answered(
    items: readonly unknown[],
    action: string,
    ask: () => ReturnType<Shared["api"]["deleteBatch"]>,
  ): Promise<readonly SettleResult[]> {
    try {
      const failures = await ask();
      return items.map((_, index) => {
        const failure = failures.get(`${index}`);
        if (failure === undefined) return "settled";
        return failure.SenderFault === true ? "lost" : entryError(failure, action);
      });
    } catch (thrown) {
      const error = errorOf(thrown);
      // With its queue all that was in it has gone.
      return items.map(() => (error.code === "MISSING" ? "lost" : error));
    }
  }

  #deadline(): number {
    const { context, settings } = this.#options.shared;
    return context.clock.now() + settings.requestTimeoutMs;
  }

  #isOver({ until }: Held): boolean {
    return until <= this.#options.shared.context.clock.now();
  }
}

/** A move has an id of its own, so that none is taken for what was there before; the same whoever tries it, and however often. */
function moved(delivery: Held): Held {
  return { ...delivery, dedupe: `${delivery.messageId} moved` };
}

/** Dead letters of one key are apart: the one that is looked at would lock the others. */
function unlocked(parcel: Parcel): Parcel {
  return { ...parcel, group: parcel.message.dedupe };
}
