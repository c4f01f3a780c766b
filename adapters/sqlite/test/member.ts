import { type Delivery, type Inbox, type Report, systemClock, type Transport } from "@waybill/core";
import { adapter } from "@waybill/sqlite";
import type { Flow, Receiver, Sink, WaybillError } from "@waybill/core";

/** A connection to a file, as core has one, with what it reports. */
export interface Member {
  readonly transport: Transport;
  readonly reports: Report[];
}

export async function connectTo(file: string, options: object = {}): Promise<Member> {
  const reports: Report[] = [];
  const transport = await adapter.connect(new URL(`sqlite:${encodeURI(file)}`), {
    namespace: "test",
    topology: "create",
    options,
    clock: systemClock,
    random: Math.random,
    backoff: () => 10,
    report: (kind) => reports.push(kind),
  });
  return { transport, reports };
}

/** What came in, and somebody who waits for it. */
export class Basket implements Sink {
  readonly deliveries: Delivery[] = [];
  readonly gone: Delivery[] = [];
  #waiting: { readonly isEnough: () => boolean; readonly resolve: () => void }[] = [];

  deliver(batch: readonly Delivery[]): void {
    this.deliveries.push(...batch);
    this.#look();
  }

  lost(batch: readonly Delivery[], _cause: WaybillError): void {
    this.gone.push(...batch);
    this.#look();
  }

  get ids(): readonly string[] {
    return this.deliveries.map(({ id }) => id);
  }

  /** Resolves when it holds this many; the test's own timeout bounds it. */
  has(count: number): Promise<void> {
    return this.#once(() => this.deliveries.length >= count);
  }

  hasLost(count: number): Promise<void> {
    return this.#once(() => this.gone.length >= count);
  }

  #once(isEnough: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isEnough, resolve });
      this.#look();
    });
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(({ isEnough, resolve }) => !isEnough() || resolve());
  }
}

/** A receiver and its basket. */
export async function receive(
  { transport }: Member,
  inbox: Inbox,
  flow: Partial<Flow> = {},
): Promise<{ readonly receiver: Receiver; readonly basket: Basket }> {
  const basket = new Basket();
  const receiver = await transport.receive(inbox, { window: 10, bytes: 1e6, settle: "after", ...flow }, basket);
  return { receiver, basket };
}
