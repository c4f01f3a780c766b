import type { Delivery, Inbox, Receiver, Source, Start } from "@waybill/core";
import { eventually, letter, type Rig, sent, sourceOf } from "./rig.ts";

export const hour = 3_600_000;
export const beginning: Start = { from: "beginning", reset: false };
export const now: Start = { from: "now", reset: false };
export const kinds = [
  ["a group", false],
  ["an ordered group", true],
] as const;
const keys = 20;

/** A topic that keeps what its groups have settled. */
export function keeping(name: string, ordered: boolean, retainMs = hour): Source {
  return sourceOf(name.replaceAll(" ", "-"), { kind: "topic", ordered, retainMs });
}

/** Declares a group and its topic. */
export function begun({ transport }: Rig, inbox: Inbox, start: Start): Promise<void> {
  const { source: name, shape } = inbox;
  return transport.declare([
    { kind: "source", name, shape },
    { kind: "inbox", inbox, start },
  ]);
}

/** Publishes the numbers from one to another, to some keys in turn. */
export async function published(rig: Rig, topic: Source, from: number, to: number): Promise<void> {
  const letters = ids(from, to).map((id) => letter(id, { source: topic.name, key: `k${Number(id) % keys}` }));
  for (let at = 0; at < letters.length; at += 100) {
    const results = await sent(rig, topic, ...letters.slice(at, at + 100));
    const failed = results.find((result) => result !== "stored");
    if (failed !== undefined) throw new Error("it was not stored", { cause: failed });
  }
}

export function ids(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, index) => `${from + index}`);
}

/** Members that ack all they get, and what they got. */
export class Handled implements AsyncDisposable {
  readonly ids: string[] = [];
  readonly #receivers: Receiver[] = [];

  static async by(inbox: Inbox, ...rigs: readonly Rig[]): Promise<Handled> {
    const handled = new Handled();
    for (const rig of rigs) await handled.#join(rig, inbox);
    return handled;
  }

  /** Resolves when it was so many different ones, and the inbox is empty. */
  async all(count: number, { transport }: Rig, inbox: Inbox): Promise<void> {
    await eventually(async () => {
      const { ready } = await transport.depth(inbox);
      const { size } = new Set(this.ids);
      if (size !== count || ready !== 0) throw new Error(`${size} of ${count} were handled, ${ready} are ready`);
    });
  }

  /** Those that came after a later one of their key, when they first came. */
  get late(): readonly number[] {
    const last = new Map<number, number>();
    return [...new Set(this.ids)].map(Number).filter((n) => {
      const before = last.get(n % keys) ?? -1;
      last.set(n % keys, Math.max(before, n));
      return n < before;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const receiver of this.#receivers) await receiver.close();
  }

  async #join({ transport }: Rig, inbox: Inbox): Promise<void> {
    const early: Delivery[] = [];
    let receiver: Receiver | undefined;
    const settle = (batch: readonly Delivery[]): void =>
      void receiver?.settle(batch.map((delivery) => ({ delivery, outcome: "ack", sends: [] })));
    const deliver = (batch: readonly Delivery[]): void => {
      this.ids.push(...batch.map(({ id }) => id));
      if (receiver === undefined) early.push(...batch);
      else settle(batch);
    };
    const flow = { window: 50, bytes: 2 ** 20, settle: "after" } as const;
    receiver = await transport.receive(inbox, flow, { deliver, lost: () => undefined });
    this.#receivers.push(receiver);
    settle(early);
  }
}
