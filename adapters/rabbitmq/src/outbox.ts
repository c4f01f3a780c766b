import {
  type AdapterContext,
  type Address,
  type SendResult,
  toWaybillError,
  WaybillError,
  type WireMessage,
} from "@waybill/core";
import type { Incarnations } from "./incarnations.ts";
import type { Ladder } from "./ladder.ts";
import type { Link } from "./link.ts";
import { Publisher } from "./publisher.ts";
import { rewound } from "./rewound.ts";
import type { Routes } from "./routes.ts";
import type { Packet } from "./wire.ts";

export interface OutboxOptions {
  readonly link: Link;
  readonly context: AdapterContext;
  readonly routes: Routes;
  readonly ladder: Ladder;
  readonly incarnations: Incarnations;
  /** After how long without any confirmation a channel is given up, ms. */
  readonly patienceMs: number;
}

/** So many topics and queues have channels of their own: what ends one, such as a topic that we may not write to, leaves the others alone. */
const sources = 16;
/** How many channels a source has for what needs no order: the server works on them side by side. */
const channels = 4;

/** Everything that is published. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #publishers: (readonly Publisher[])[] = [];
  readonly #bySource = new Map<string, readonly Publisher[]>();
  /** For what is settled. */
  readonly #moves: Publisher;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#moves = new Publisher(options);
  }

  /** One result each, in order. Never rejects, and settles by `deadline`. */
  async send(to: Address, messages: readonly WireMessage[], deadline: number): Promise<readonly SendResult[]> {
    const { routes, context } = this.#options;
    const now = context.clock.now();
    let packets: readonly Packet[];
    try {
      packets = messages.map((message) => routes.packet(to, message, now));
    } catch (thrown) {
      return refused(messages, thrown);
    }
    const publisher = this.#publisherFor(to, messages);
    const isDelayed = messages.some(({ deliverAt = 0 }) => deliverAt > now);
    const results = isDelayed
      ? await this.#sendDelayed(publisher, packets, deadline)
      : await publisher.send(packets, deadline);
    return rewound(messages, results);
  }

  /** Copies of what is settled, to other places. */
  async move(packets: readonly Packet[], deadline: number): Promise<readonly SendResult[]> {
    if (!packets.some(({ exchange }) => exchange !== "")) return this.#moves.send(packets, deadline);
    return this.#sendDelayed(this.#moves, packets, deadline);
  }

  /** Some of these go through the delay, which is made before, and made again where somebody has taken it away. */
  async #sendDelayed(
    publisher: Publisher,
    unaddressed: readonly Packet[],
    deadline: number,
  ): Promise<readonly SendResult[]> {
    const { ladder, link, incarnations } = this.#options;
    let packets: readonly Packet[];
    try {
      await this.#ready(deadline);
      packets = await incarnations.addressed(await link.ready(deadline), unaddressed);
    } catch (thrown) {
      return refused(unaddressed, thrown);
    }
    const results = await publisher.send(packets, deadline);
    const astray = packets.filter((_, index) => isAstray(results[index]));
    if (astray.length === 0) return results;
    ladder.forget();
    try {
      await this.#ready(deadline);
    } catch {
      return results;
    }
    const again = (await publisher.send(astray, deadline))[Symbol.iterator]();
    return results.map((result) => (isAstray(result) ? (again.next().value ?? result) : result));
  }

  async #ready(deadline: number): Promise<void> {
    const { link, ladder } = this.#options;
    await ladder.ready(await link.ready(deadline));
  }

  /** Messages of one key follow each other on one channel (PUB-8); others go where the least is under way. */
  #publisherFor(to: Address, messages: readonly WireMessage[]): Publisher {
    if (to.kind !== "source") return this.#moves;
    const [first = this.#moves, ...others] = this.#publishersOf(to.name);
    if (messages.some(({ key }) => key !== undefined)) return first;
    return others.reduce((least, each) => (each.underWay < least.underWay ? each : least), first);
  }

  #publishersOf(source: string): readonly Publisher[] {
    const known = this.#bySource.get(source);
    if (known !== undefined) return known;
    const index = this.#bySource.size % sources;
    const make = (): Publisher => new Publisher(this.#options);
    const publishers = (this.#publishers[index] ??= Array.from({ length: channels }, make));
    this.#bySource.set(source, publishers);
    return publishers;
  }
}

function refused(messages: readonly unknown[], thrown: unknown): readonly SendResult[] {
  const { code, message } = toWaybillError(thrown, "UNAVAILABLE");
  // What is not there takes nothing.
  const error = new WaybillError(code === "MISSING" ? "NO_ROUTE" : code, message);
  return messages.map(() => ({ outcome: "refused", error }));
}

/** Whether there was no queue or no exchange for it. */
function isAstray(result: SendResult | undefined): boolean {
  if (result === undefined || result === "stored" || result.outcome !== "refused") return false;
  return result.error.code === "NO_ROUTE" || result.error.code === "MISSING";
}
