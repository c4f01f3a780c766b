import { Buffer } from "node:buffer";
import {
  type Adapter,
  type AdapterContext,
  type Address,
  carrierUrl,
  type Delivery,
  type Inbox,
  type Receiver,
  type Report,
  type SendResult,
  type Settlement,
  type SettleResult,
  type Source,
  systemClock,
  type Transport,
  type WaybillError,
  type WireMessage,
} from "@waybill/core";
import { vi } from "vitest";

/* What the tests of adapters do at the seam, whatever the carrier. */

/** A transport, and what it has reported. */
export interface Rig extends AsyncDisposable {
  readonly transport: Transport;
  readonly reports: readonly { readonly kind: Report; readonly error: WaybillError | undefined }[];
}

export async function openRig(
  adapter: Adapter,
  url: string,
  place: Pick<AdapterContext, "namespace" | "options"> & Partial<AdapterContext>,
): Promise<Rig> {
  const reports: { kind: Report; error: WaybillError | undefined }[] = [];
  const transport = await adapter.connect(carrierUrl(url) ?? new URL(url), {
    topology: "create",
    clock: systemClock,
    random: Math.random,
    backoff: (attempt) => Math.min(20 * attempt, 200),
    report: (kind, _inbox, error) => void reports.push({ kind, error }),
    ...place,
  });
  return { transport, reports, [Symbol.asyncDispose]: () => transport.close() };
}

export function sourceOf(name: string, shape: Partial<Source["shape"]> = {}): Source {
  const plain = { kind: "queue", ordered: false, priorities: 1, retainMs: 0 } as const;
  return { kind: "source", name, shape: { ...plain, ...shape } };
}

export function inboxOf({ name, shape }: Source, group: string = name): Inbox {
  return { source: name, shape, group, ordered: shape.ordered, ephemeral: false };
}

/** Makes a source and groups of it. */
export async function declared(
  { transport }: Pick<Rig, "transport">,
  source: Source,
  ...groups: readonly string[]
): Promise<void> {
  await transport.declare([source]);
  const start = { from: "now", reset: false } as const;
  for (const group of groups) await transport.declare([{ kind: "inbox", inbox: inboxOf(source, group), start }]);
}

export function letter(id: string, more: Partial<WireMessage> = {}): WireMessage {
  const rest = { source: "s", key: undefined, headers: {}, deliverAt: undefined, priority: 0 };
  return { id, dedupe: id, ...rest, body: Buffer.from(`body of ${id}`), ...more };
}

/** Sends all in one batch. */
export async function sent(
  { transport }: Pick<Rig, "transport">,
  to: Address,
  ...messages: readonly (string | WireMessage)[]
): Promise<readonly SendResult[]> {
  const batch = messages.map((one) => (typeof one === "string" ? letter(one) : one));
  return transport.send(to, batch, { deadline: Date.now() + 10_000 });
}

/** Waits for what comes to be so, not for a time. */
export function eventually(look: () => unknown): Promise<void> {
  return vi.waitFor(async () => void (await look()), { timeout: 15_000, interval: 10 });
}

/** One member of an inbox, which settles nothing by itself. */
export class Member implements AsyncDisposable {
  readonly got: Delivery[] = [];
  readonly lost: Delivery[] = [];
  #receiver: Receiver | undefined;

  static async of({ transport }: Pick<Rig, "transport">, inbox: Inbox, window = 100): Promise<Member> {
    const member = new Member();
    member.#receiver = await transport.receive(
      inbox,
      { window, bytes: 2 ** 20, settle: "after" },
      {
        deliver: (batch) => void member.got.push(...batch),
        lost: (batch) => void member.lost.push(...batch),
      },
    );
    return member;
  }

  get receiver(): Receiver {
    if (this.#receiver === undefined) throw new Error("it has not begun");
    return this.#receiver;
  }

  get ids(): readonly string[] {
    return this.got.map(({ id }) => id);
  }

  /** Resolves when it has been given these, in any order, and nothing else. */
  async has(...ids: readonly string[]): Promise<void> {
    const wanted = ids.toSorted().join(", ");
    await eventually(() => {
      const there = this.ids.toSorted().join(", ");
      if (there !== wanted) throw new Error(`it has been given ${there}, not ${wanted}`);
    });
  }

  /** Resolves when it has been given at least so many. */
  async hasSome(count: number): Promise<void> {
    await eventually(() => {
      if (this.got.length < count) throw new Error(`it has been given ${this.ids.join(", ")}`);
    });
  }

  settle(delivery: Delivery | undefined, how: How = { outcome: "ack", sends: [] }): Promise<readonly SettleResult[]> {
    if (delivery === undefined) throw new Error("there is nothing to settle");
    return this.receiver.settle([{ delivery, ...how } as Settlement]);
  }

  /** Acks all that it has been given. */
  settleAll(): Promise<readonly SettleResult[]> {
    return this.receiver.settle(this.got.map((delivery) => ({ delivery, outcome: "ack", sends: [] })));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.receiver.close();
  }
}

/** What becomes of a delivery. */
export type How = Settlement extends infer Each ? (Each extends Settlement ? Omit<Each, "delivery"> : never) : never;

export const retry: Extract<How, { readonly outcome: "retry" }> = {
  outcome: "retry",
  delayMs: 0,
  failed: true,
  note: {},
};
export const dead: Extract<How, { readonly outcome: "dead" }> = { outcome: "dead", note: { "waybill-why": "tests" } };

/** The dead letters of an inbox, all kept. */
export async function lettersOf({ transport }: Pick<Rig, "transport">, inbox: Inbox): Promise<readonly Delivery[]> {
  const letters: Delivery[] = [];
  const visit = async (letter: Delivery): Promise<"keep"> => {
    letters.push(letter);
    return "keep";
  };
  await transport.walk(inbox, visit, AbortSignal.timeout(20_000));
  return letters;
}
