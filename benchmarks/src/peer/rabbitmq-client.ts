import { Connection, type Publisher } from "rabbitmq-client";
import { inParallel, timed } from "../load.ts";
import { oneOrder } from "../schemas.ts";
import type { Peer } from "./peer.ts";

const queue = "rabbitmq-client";
const declared = { queue, durable: true, arguments: { "x-queue-type": "quorum" } } as const;
/** As its documentation has it: twice as many fetched as are handled at once. The best of 50 to 1 000 fetched. */
const concurrency = 500;

/** rabbitmq-client with its publisher and its consumer. */
export class RabbitmqClient implements Peer {
  readonly #connection: Connection;
  readonly #publisher: Publisher;

  constructor(url: string) {
    this.#connection = new Connection({ url, noDelay: true });
    this.#publisher = this.#connection.createPublisher({ confirm: true, queues: [declared] });
  }

  publish(count: number, inFlight: number): Promise<void> {
    const envelope = { routingKey: queue, durable: true };
    return inParallel(count, inFlight, () => this.#publisher.send(envelope, oneOrder));
  }

  async drained(count: number): Promise<number> {
    const all = Promise.withResolvers<void>();
    let handled = 0;
    const options = { queue, queueOptions: declared, concurrency, qos: { prefetchCount: 2 * concurrency } };
    return await timed(async () => {
      const consumer = this.#connection.createConsumer(options, () => {
        handled += 1;
        if (handled === count) all.resolve();
      });
      consumer.on("error", (error) => all.reject(error));
      await all.promise;
      await consumer.close();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#publisher.close();
    await this.#connection.close();
  }
}
