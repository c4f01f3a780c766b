import { randomUUID } from "node:crypto";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { inParallel } from "../load.ts";
import { oneOrder } from "../schemas.ts";

const [queue, exchange, routingKey] = ["raw", "raw.topics", "0.order.placed"];
/** Best of 1 to 8: the server works on them side by side. */
const channels = 4;
/** Best of 1 to 500: how many of what is in flight are confirmed before as many more are sent. */
const batch = 50;
/** Best of 200 to 1 000, and of 25 to 200. */
const [prefetch, ackEvery] = [400, 100];

const beforeId =
  '{"specversion":"1.0","type":"order.placed","source":"bench","datacontenttype":"application/json","dataversion":"1","id":"';
const random = randomUUID().slice(0, 24);
let made = 0;

/**
 * What someone would write by hand who knows amqplib well: a quorum queue, the same properties and the same JSON, whose constant
 * part is written once; a window of confirms that one function counts; several channels; one ack for many; two connections without Nagle's delay.
 */
export class RawRabbitmq implements AsyncDisposable {
  readonly #publishing: ChannelModel;
  readonly #consuming: ChannelModel;
  readonly #channels: readonly ConfirmChannel[];

  static async open(url: string): Promise<RawRabbitmq> {
    const [publishing, consuming] = [await connect(url, { noDelay: true }), await connect(url, { noDelay: true })];
    const opening = Array.from({ length: channels }, () => publishing.createConfirmChannel());
    return new RawRabbitmq(publishing, consuming, await Promise.all(opening));
  }

  private constructor(publishing: ChannelModel, consuming: ChannelModel, channels: readonly ConfirmChannel[]) {
    this.#publishing = publishing;
    this.#consuming = consuming;
    this.#channels = channels;
  }

  /** Starts with an empty queue, which a topic exchange leads to as well. */
  async clear(): Promise<void> {
    const channel = this.#channel(0);
    await channel.assertQueue(queue, { arguments: { "x-queue-type": "quorum" } });
    await channel.assertExchange(exchange, "topic");
    await channel.bindQueue(queue, exchange, "*.order.placed");
    await channel.purgeQueue(queue);
  }

  /** By the default exchange, `inFlight` messages under way. */
  publishToQueue(count: number, inFlight: number): Promise<void> {
    return this.#publish("", queue, count, inFlight);
  }

  /** By a topic exchange to the same queue. */
  publishToTopic(count: number, inFlight: number): Promise<void> {
    return this.#publish(exchange, routingKey, count, inFlight);
  }

  /** By the topic exchange, where each of `inFlight` callers waits for its own message. */
  publishEach(count: number, inFlight: number): Promise<void> {
    return inParallel(count, inFlight, () => this.#each(exchange, routingKey));
  }

  /** Handles a backlog, and acknowledges many at once. */
  async consume(count: number, handle: (data: unknown, headers: unknown) => void): Promise<void> {
    const channel = await this.#consuming.createChannel();
    await channel.prefetch(prefetch);
    const all = Promise.withResolvers<void>();
    let handled = 0;
    await channel.consume(queue, (message) => {
      if (message === null) return all.reject(new Error("raw: the consumer was cancelled"));
      handle((JSON.parse(message.content.toString()) as { data: unknown }).data, message.properties.headers);
      handled += 1;
      if (handled % ackEvery === 0 || handled === count) channel.ack(message, true);
      if (handled === count) all.resolve();
    });
    await all.promise;
    // Its answer comes behind what the server makes of the last ack.
    await channel.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#publishing.close(), this.#consuming.close()]);
  }

  #publish(to: string, key: string, count: number, inFlight: number): Promise<void> {
    const all = Promise.withResolvers<void>();
    let [sent, confirmed] = [0, 0];
    const send = (upTo: number): void => {
      const time = new Date().toISOString();
      while (sent < upTo) {
        sent += 1;
        this.#write(to, key, time, onConfirm);
      }
    };
    const onConfirm = (error: unknown): void => {
      if (error !== null) return all.reject(new Error("raw: a publish failed", { cause: error }));
      confirmed += 1;
      if (confirmed === count) all.resolve();
      else if (confirmed % batch === 0) send(Math.min(count, confirmed + inFlight));
    };
    send(Math.min(count, inFlight));
    return all.promise;
  }

  #each(to: string, key: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#write(to, key, new Date().toISOString(), (error) =>
        error === null ? resolve() : reject(new Error("raw: a publish failed", { cause: error })),
      );
    });
  }

  #channel(turn: number): ConfirmChannel {
    return this.#channels[turn % channels] ?? this.#channel(0);
  }

  #write(to: string, key: string, time: string, onConfirm: (error: unknown) => void): void {
    const id = random + (made++).toString(16).padStart(12, "0");
    const properties = { contentType: "application/cloudevents+json", persistent: true, messageId: id };
    this.#channel(Math.floor(made / batch)).publish(to, key, Buffer.from(written(id, time)), properties, onConfirm);
  }
}

/** An order as core writes it. */
function written(id: string, time: string): string {
  return `${beforeId}${id}","time":"${time}","correlationid":"${id}","data":${JSON.stringify(oneOrder)}}`;
}
