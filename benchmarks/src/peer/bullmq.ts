import { Queue, Worker } from "bullmq";
import { inParallel, timed } from "../load.ts";
import { oneOrder } from "../schemas.ts";

const name = "orders";
/** Jobs a call: the best of 50 to 1 000, as many calls at once as make what is to be in flight. */
const bulk = 250;
/** The best of 10 to 500. */
const concurrency = 200;

/** BullMQ as its documentation has it for speed; a job is gone when it is done, as with us. */
export class BullMq implements AsyncDisposable {
  readonly #connection: { readonly host: string; readonly port: number };
  readonly #queue: Queue;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#connection = { host: hostname, port: Number(port) };
    this.#queue = new Queue(name, { connection: this.#connection, defaultJobOptions: { removeOnComplete: true } });
  }

  publish(count: number, inFlight: number): Promise<void> {
    const jobs = Array.from({ length: bulk }, () => ({ name, data: oneOrder }));
    return inParallel(count / bulk, inFlight / bulk, () => this.#queue.addBulk(jobs));
  }

  /** How long a worker takes for what there is, `count` jobs, ms. */
  async drained(count: number): Promise<number> {
    const all = Promise.withResolvers<void>();
    let handled = 0;
    const handle = (): Promise<void> => {
      handled += 1;
      if (handled === count) all.resolve();
      return Promise.resolve();
    };
    const worker = new Worker(name, handle, { connection: this.#connection, concurrency, autorun: false });
    await worker.waitUntilReady();
    return await timed(async () => {
      void worker.run();
      await all.promise;
      await worker.close();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.close();
  }
}
