import { type SendResult, toWaybillError, WaybillError } from "@waybill/core";
import type { Flight } from "./flight.ts";
import type { Link } from "./link.ts";
import { Outlet, type OutletOptions } from "./outlet.ts";
import type { Packet } from "./wire.ts";

export interface PublisherOptions extends OutletOptions {
  readonly link: Link;
}

/**
 * One channel on which messages are published in order and confirmed. When it ends, what is under way is unknown, and the next
 * messages go through a new one.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  #outlet: Promise<Outlet> | undefined;
  #underWay = 0;
  /** How often something was left unknown. */
  #unknown = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** How many messages have no result yet. */
  get underWay(): number {
    return this.#underWay;
  }

  /** One result each, in order. Never rejects, and settles by `deadline` (epoch ms). */
  async send(packets: readonly Packet[], deadline: number): Promise<readonly SendResult[]> {
    this.#underWay += packets.length;
    const results = await this.#send(packets, deadline);
    this.#underWay -= packets.length;
    return results;
  }

  async #send(packets: readonly Packet[], deadline: number): Promise<readonly SendResult[]> {
    const before = this.#unknown;
    let results: readonly SendResult[];
    try {
      results = await this.#fly(() => this.#openAfter(before, deadline), packets, deadline);
      if (results.some((result) => result !== "stored" && result.outcome === "unknown")) this.#unknown += 1;
    } catch (thrown) {
      return packets.map(() => refused(thrown));
    }
    return results.some(isSuspect) ? this.#sendSuspects(packets, results, deadline) : results;
  }

  /** Rejects where nothing was written. */
  async #fly(
    open: () => Promise<Outlet>,
    packets: readonly Packet[],
    deadline: number,
  ): Promise<readonly SendResult[]> {
    const { clock } = this.#options.context;
    const late = Promise.withResolvers<undefined>();
    let flight: Flight | undefined;
    const cancel = clock.after(Math.max(deadline - clock.now(), 0), () => {
      late.resolve(undefined);
      flight?.end(new WaybillError("UNAVAILABLE", "rabbitmq: the server has not confirmed it in time"));
    });
    try {
      const outlet = await Promise.race([open(), late.promise]);
      if (outlet === undefined) throw new WaybillError("UNAVAILABLE", "rabbitmq: no channel was opened in time");
      flight = outlet.send(packets);
      return await flight.done;
    } finally {
      cancel();
    }
  }

  /**
   * The server refuses a message, too large or not allowed, by ending the channel, and does not say which one it was. Alone on a channel
   * each shows it, so that the others are not harmed (PUB-5).
   */
  async #sendSuspects(
    packets: readonly Packet[],
    results: readonly SendResult[],
    deadline: number,
  ): Promise<readonly SendResult[]> {
    const found = [...results];
    let outlet: Outlet | undefined;
    for (const [index, packet] of packets.entries()) {
      if (!isSuspect(results[index])) continue;
      try {
        if (outlet === undefined || outlet.isOver) outlet = await this.#openAside(deadline);
        const opened = outlet;
        const [result = "stored"] = await this.#fly(() => Promise.resolve(opened), [packet], deadline);
        found[index] = isSuspect(result) ? refused(result.error) : result;
      } catch (thrown) {
        // What it was before is as unknown, and not for what it is itself.
        found[index] = { outcome: "unknown", error: toWaybillError(thrown, "UNAVAILABLE") };
      }
    }
    await outlet?.close();
    return found;
  }

  async #openAside(deadline: number): Promise<Outlet> {
    return Outlet.open(await this.#options.link.writable(deadline), this.#options, () => undefined);
  }

  /** What was given to us before something else was left unknown must not overtake that: it is refused, and both come again in order. */
  async #openAfter(unknown: number, deadline: number): Promise<Outlet> {
    const outlet = await this.#open(deadline);
    if (unknown === this.#unknown) return outlet;
    throw new WaybillError("UNAVAILABLE", "rabbitmq: what was published before has to be sent again first");
  }

  async #open(deadline: number): Promise<Outlet> {
    const connection = await this.#options.link.writable(deadline);
    if (this.#outlet === undefined) {
      const opening: Promise<Outlet> = Outlet.open(connection, this.#options, () => {
        if (this.#outlet === opening) this.#outlet = undefined;
      });
      this.#outlet = opening;
      opening.catch(() => {
        if (this.#outlet === opening) this.#outlet = undefined;
      });
    }
    return this.#outlet;
  }
}

type Unstored = Exclude<SendResult, "stored">;

/** Whether it may be for this message that the server has ended the channel. */
function isSuspect(result: SendResult | undefined): result is Unstored {
  return result !== undefined && result !== "stored" && result.outcome === "unknown" && !result.error.transient;
}

function refused(thrown: unknown): Unstored {
  return { outcome: "refused", error: toWaybillError(thrown, "UNAVAILABLE") };
}
