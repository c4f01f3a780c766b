import type { AdapterContext, Delivery, Inbox, Receiver, Settlement, SettleResult } from "@waybill/core";
import { eventually, openRig, type Rig } from "@waybill/test-servers";
import { sqs } from "../src/sqs.ts";

export { eventually, inboxOf, letter, sourceOf } from "@waybill/test-servers";

const quick = { leaseMs: 2_000, waitMs: 1_000, requestTimeoutMs: 10_000 };

export function rigOn(url: string, options: object = {}, over: Partial<AdapterContext> = {}): Promise<Rig> {
  return openRig(sqs, url, { namespace: `t-${Math.random()}`, options: { ...quick, ...options }, ...over });
}

/** Soon enough for a test. */
export function soon(): { readonly deadline: number } {
  return { deadline: Date.now() + 10_000 };
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
