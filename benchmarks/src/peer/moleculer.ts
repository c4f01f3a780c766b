import channels from "@moleculer/channels";
import { Kafka, logLevel } from "kafkajs";
import { type Middleware, ServiceBroker } from "moleculer";
import { inParallel, timed } from "../load.ts";
import { partitions } from "../raw/kafka.ts";
import { makeTopic } from "../raw/kafkajs.ts";
import { oneOrder } from "../schemas.ts";
import type { Peer } from "./peer.ts";

const channel = "moleculer";
/** Its types ask for all options there are. */
type AllOptions = Parameters<typeof channels.Middleware>[0];
type Send = (channel: string, order: unknown) => Promise<void>;

/** moleculer-channels on Kafka: a channel, and a service that listens to it; it commits each message. */
export class Moleculer implements Peer {
  readonly #broker: ServiceBroker;

  static async open(url: string): Promise<Moleculer> {
    const brokers = [new URL(url).host];
    await makeTopic(new Kafka({ brokers, logLevel: logLevel.ERROR }), channel);
    const peer = new Moleculer(brokers);
    await peer.#broker.start();
    return peer;
  }

  private constructor(brokers: string[]) {
    const adapter = { type: "Kafka", options: { kafka: { brokers }, maxInFlight: partitions } };
    const middleware = channels.Middleware({ adapter } as AllOptions);
    this.#broker = new ServiceBroker({ logger: false, middlewares: [middleware as unknown as Middleware] });
  }

  publish(count: number, inFlight: number): Promise<void> {
    const send = this.#broker["sendToChannel"] as Send;
    return inParallel(count, inFlight, () => send(channel, oneOrder));
  }

  async drained(count: number): Promise<number> {
    const all = Promise.withResolvers<void>();
    let handled = 0;
    const handler = (): void => {
      handled += 1;
      if (handled === count) all.resolve();
    };
    const kafka = { fromBeginning: true, partitionsConsumedConcurrently: partitions };
    return await timed(async () => {
      const service = this.#broker.createService({
        name: "bench",
        channels: { [channel]: { group: "bench", kafka, handler } },
      });
      await this.#broker.waitForServices("bench");
      await all.promise;
      await this.#broker.destroyService(service);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#broker.stop();
  }
}
