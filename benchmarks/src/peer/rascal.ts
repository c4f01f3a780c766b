import { once } from "node:events";
import rascal, { type AckOrNack, type BrokerAsPromised } from "rascal";
import { inParallel, timed } from "../load.ts";
import { oneOrder } from "../schemas.ts";
import type { Peer } from "./peer.ts";

const name = "rascal";
/** A publish takes a channel until it is confirmed: so many are under way. The best of 5 to 500. */
const pool = 100;
/** The best of 10 to 1 000. */
const prefetch = 1_000;

/** rascal with a publication and a subscription of one queue. */
export class Rascal implements Peer {
  readonly #broker: BrokerAsPromised;

  static async open(url: string): Promise<Rascal> {
    const broker = await rascal.BrokerAsPromised.create({
      vhosts: {
        "/": {
          connection: { url: `${url}/?channelMax=2047`, socketOptions: { noDelay: true } },
          publicationChannelPools: { confirmPool: { max: pool, min: pool, autostart: true, testOnBorrow: false } },
          queues: { [name]: { options: { durable: true, arguments: { "x-queue-type": "quorum" } } } },
          publications: { [name]: { queue: name, confirm: true } },
          subscriptions: { [name]: { queue: name, prefetch } },
        },
      },
    });
    broker.on("error", (error) => console.error("rascal:", error));
    return new Rascal(broker);
  }

  private constructor(broker: BrokerAsPromised) {
    this.#broker = broker;
  }

  publish(count: number, inFlight: number): Promise<void> {
    return inParallel(count, inFlight, async () => {
      await once(await this.#broker.publish(name, oneOrder), "success");
    });
  }

  async drained(count: number): Promise<number> {
    const all = Promise.withResolvers<void>();
    let handled = 0;
    return await timed(async () => {
      const session = await this.#broker.subscribe(name);
      session.on("error", (error) => all.reject(error));
      session.on("message", (_message, _content: unknown, ackOrNack: AckOrNack) => {
        handled += 1;
        ackOrNack();
        if (handled === count) all.resolve();
      });
      await all.promise;
      await session.cancel();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#broker.shutdown();
  }
}
