import { Buffer } from "node:buffer";
import {
  type AdapterContext,
  type Delivery,
  type Inbox,
  type Receiver,
  type Report,
  type Settlement,
  type SettleResult,
  type Source,
  systemClock,
  type Transport,
  type WaybillError,
  type WireMessage,
} from "@waybill/core";
import { vi } from "vitest";
import { sqs } from "../src/sqs.ts";

/** A transport, and what it has reported. */
export interface Rig extends AsyncDisposable {
  readonly transport: Transport;
  readonly reports: readonly { readonly kind: Report; readonly error: WaybillError | undefined }[];
}

export async function rigOn(url: string, options: object = {}, over: Partial<AdapterContext> = {}): Promise<Rig> {
  const reports: { kind: Report; error: WaybillError | undefined }[] = [];
  const transport = await sqs.connect(new URL(url), {
    namespace: `t-${Math.random()}`,
    topology: "create",
    options: { leaseMs: 2_000, waitMs: 1_000, requestTimeoutMs: 10_000, ...options },
    clock: systemClock,
    random: Math.random,
    backoff: (attempt) => Math.min(20 * attempt, 200),
    report: (kind, _inbox, error) => void reports.push({ kind, error }),
    ...over,
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

export function letter(id: string, more: Partial<WireMessage> = {}): WireMessage {
  const rest = { source: "s", key: undefined, headers: {}, deliverAt: undefined, priority: 0 };
  return { id, dedupe: id, ...rest, body: Buffer.from(`body of ${id}`), ...more };
}

/** Soon enough for a test. */
export function soon(): { readonly deadline: number } {
  return { deadline: Date.now() + 10_000 };
}

/** Waits for what comes to be so, not for a time. */
export function eventually(look: () => unknown): Promise<void> {
  return vi.waitFor(async () => void (await look()), { timeout: 20_000, interval: 20 });
}

/** One member of an inbox, which settles nothing by itself. */
export class Member implements AsyncDisposable {
  readonly got: Delivery[] = [];
  readonly lost: Delivery[] = [];
  readonly receiver: Receiver;

  private constructor(receiver: Receiver, got: Delivery[], lost: Delivery[]) {
    this.receiver = receiver;
    this.got = got;
    this.lost = lost;
  }

  static async of({ transport }: Rig, inbox: Inbox, window = 100): Promise<Member> {
    const [got, lost]: [Delivery[], Delivery[]] = [[], []];
    const flow = { window, bytes: 2 ** 23, settle: "after" } as const;
    const receiver = await transport.receive(inbox, flow, {
      deliver: (batch) => void got.push(...batch),
      lost: (batch) => void lost.push(...batch),
    });
    return new Member(receiver, got, lost);
  }

  get ids(): readonly string[] {
    return this.got.map(({ id }) => id);
  }

  async has(count: number): Promise<void> {
    await eventually(() => {
      if (this.got.length < count) throw new Error(`it has been given ${this.ids.join(", ")}`);
    });
  }

  async ack(): Promise<readonly SettleResult[]> {
    const acks = this.got.map((delivery): Settlement => ({ delivery, outcome: "ack", sends: [] }));
    return this.receiver.settle(acks);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.receiver.close();
  }
}
