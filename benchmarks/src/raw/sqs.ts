import { randomUUID } from "node:crypto";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { inParallel } from "../load.ts";
import { oneOrder } from "../schemas.ts";

/** The most of a request. */
const batch = 10;
/** Receives at once: best of 4 to 32. */
const receivers = 16;

const headers = '{"content-type":"application/cloudevents+json"}';
const beforeId =
  '{"specversion":"1.0","type":"order.placed","source":"bench","datacontenttype":"application/json","dataversion":"1","id":"';
const random = randomUUID().slice(0, 24);
let made = 0;

/** What someone would write by hand who knows the SDK well: the same JSON and headers, sockets enough, ten messages a request. */
export class RawSqs implements Disposable {
  readonly #client: SQSClient;
  #url = "";

  private constructor(client: SQSClient) {
    this.#client = client;
  }

  static async open(url: string): Promise<RawSqs> {
    const raw = new RawSqs(
      new SQSClient({
        region: "us-east-1",
        endpoint: new URL(url).searchParams.get("endpoint") ?? "",
        useQueueUrlAsEndpoint: false,
        credentials: { accessKeyId: "local", secretAccessKey: "local" },
        maxAttempts: 1,
        requestHandler: { httpAgent: { keepAlive: true, maxSockets: 512 } },
      }),
    );
    const { QueueUrl = "" } = await raw.#client.send(new CreateQueueCommand({ QueueName: "by-hand" }));
    raw.#url = QueueUrl;
    return raw;
  }

  async sendOne(): Promise<void> {
    await this.#client.send(new SendMessageCommand({ QueueUrl: this.#url, ...written() }));
  }

  /** A request for each message, `inFlight` under way. */
  sendEach(count: number, inFlight: number): Promise<void> {
    return inParallel(count, inFlight, () => this.sendOne());
  }

  /** Ten messages a request, `inFlight` under way. */
  sendBatches(count: number, inFlight: number): Promise<void> {
    return inParallel(count / batch, inFlight / batch, async () => {
      const Entries = Array.from({ length: batch }, (_, index) => ({ Id: `${index}`, ...written() }));
      const { Failed = [] } = await this.#client.send(new SendMessageBatchCommand({ QueueUrl: this.#url, Entries }));
      if (Failed.length > 0) throw new Error("raw: a message was refused");
    });
  }

  /** Handles a backlog: while one batch is parsed and handled, others are on their way, and so are the deletions of the last. */
  async consume(count: number, handle: (data: unknown, headers: unknown) => void): Promise<void> {
    let handled = 0;
    const deleting: Promise<unknown>[] = [];
    const loop = async (): Promise<void> => {
      while (handled < count) {
        const messages = await this.#receive();
        for (const { Body = "", MessageAttributes } of messages) {
          handle(
            (JSON.parse(Body) as { data: unknown }).data,
            JSON.parse(MessageAttributes?.["h"]?.StringValue ?? "{}"),
          );
        }
        handled += messages.length;
        if (messages.length > 0) deleting.push(this.#delete(messages));
      }
    };
    await Promise.all(Array.from({ length: receivers }, loop));
    await Promise.all(deleting);
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }

  async #receive(): Promise<readonly Message[]> {
    const { Messages = [] } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: batch,
        WaitTimeSeconds: 0,
        MessageAttributeNames: ["All"],
        MessageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp"],
      }),
    );
    return Messages;
  }

  async #delete(messages: readonly Message[]): Promise<void> {
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    const { Failed = [] } = await this.#client.send(new DeleteMessageBatchCommand({ QueueUrl: this.#url, Entries }));
    if (Failed.length > 0) throw new Error("raw: a deletion was refused");
  }
}

/** An order as core writes it. */
function written(): {
  readonly MessageBody: string;
  readonly MessageAttributes: Record<string, MessageAttributeValue>;
} {
  const id = random + (made++).toString(16).padStart(12, "0");
  const time = new Date().toISOString();
  return {
    MessageBody: `${beforeId}${id}","time":"${time}","correlationid":"${id}","data":${JSON.stringify(oneOrder)}}`,
    MessageAttributes: { h: { DataType: "String", StringValue: headers } },
  };
}
