import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetTopicAttributesCommand,
  ListTagsForResourceCommand,
  ListTopicsCommand,
  PublishBatchCommand,
  type PublishBatchRequestEntry,
  SubscribeCommand,
  UnsubscribeCommand,
} from "@aws-sdk/client-sns";
import {
  ChangeMessageVisibilityBatchCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageRequest,
  type BatchResultErrorEntry,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SetQueueAttributesCommand,
  TagQueueCommand,
} from "@aws-sdk/client-sqs";
import type { Clients } from "./clients.ts";
import type { Gate } from "./gate.ts";

/** What a batch's answer says of the entries that failed, by their ids; all others are done. */
export type Failures = ReadonlyMap<string, BatchResultErrorEntry>;

export type QueueAttributes = Readonly<Record<string, string>>;

/** Every request that is made of SQS and SNS, each with its bound and behind one gate. What rejects is a `WaybillError`'s cause-to-be. */
export class Api {
  readonly #clients: Clients;
  readonly #gate: Gate;

  constructor(clients: Clients, gate: Gate) {
    this.#clients = clients;
    this.#gate = gate;
  }

  /** `fleeting`: it may well be gone. */
  async sendBatch(
    { at, fleeting = false }: { readonly at: string; readonly fleeting?: boolean | undefined },
    Entries: SendMessageBatchRequestEntry[],
    deadline: number,
  ): Promise<Failures> {
    const command = new SendMessageBatchCommand({ QueueUrl: at, Entries });
    const { Failed } = await this.#gate.run(
      { action: "sqs:SendMessage", deadline, ...(fleeting ? {} : { queue: at }) },
      (signal) => this.#clients.sqs.send(command, { abortSignal: signal }),
    );
    return byId(Failed);
  }

  async publishBatch(TopicArn: string, entries: PublishBatchRequestEntry[], deadline: number): Promise<Failures> {
    const command = new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries });
    const { Failed } = await this.#gate.run({ action: "sns:Publish", deadline }, (signal) =>
      this.#clients.sns.send(command, { abortSignal: signal }),
    );
    return byId(Failed);
  }

  /** A poll waits by itself, for as long as it says. */
  async receive(request: ReceiveMessageRequest): Promise<readonly Message[]> {
    const waitMs = (request.WaitTimeSeconds ?? 0) * 1_000;
    const asked = { action: "sqs:ReceiveMessage", deadline: Infinity, waitMs, queue: request.QueueUrl ?? "" };
    const { Messages = [] } = await this.#gate.run(asked, (signal) =>
      this.#clients.sqs.send(new ReceiveMessageCommand(request), { abortSignal: signal }),
    );
    return Messages;
  }

  async deleteBatch(QueueUrl: string, handles: readonly string[], deadline: number): Promise<Failures> {
    const Entries = handles.map((ReceiptHandle, index) => ({ Id: `${index}`, ReceiptHandle }));
    const { Failed } = await this.#gate.run({ action: "sqs:DeleteMessage", deadline, queue: QueueUrl }, (signal) =>
      this.#clients.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }), { abortSignal: signal }),
    );
    return byId(Failed);
  }

  /** Hides messages for so many seconds from now. */
  async hideBatch(
    QueueUrl: string,
    hides: readonly { readonly handle: string; readonly seconds: number }[],
    deadline: number,
  ): Promise<Failures> {
    const Entries = hides.map(({ handle, seconds }, index) => ({
      Id: `${index}`,
      ReceiptHandle: handle,
      VisibilityTimeout: seconds,
    }));
    const { Failed } = await this.#gate.run(
      { action: "sqs:ChangeMessageVisibility", deadline, queue: QueueUrl },
      (signal) =>
        this.#clients.sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }), { abortSignal: signal }),
    );
    return byId(Failed);
  }

  async createQueue(QueueName: string, Attributes: QueueAttributes, tags: Record<string, string>): Promise<string> {
    const { QueueUrl = "" } = await this.#gate.ask({ action: "sqs:CreateQueue" }, (signal) =>
      this.#clients.sqs.send(new CreateQueueCommand({ QueueName, Attributes, tags }), { abortSignal: signal }),
    );
    return QueueUrl;
  }

  async queueUrl(QueueName: string, account: string | undefined): Promise<string> {
    const owner = account === undefined ? {} : { QueueOwnerAWSAccountId: account };
    const { QueueUrl = "" } = await this.#gate.ask({ action: "sqs:GetQueueUrl" }, (signal) =>
      this.#clients.sqs.send(new GetQueueUrlCommand({ QueueName, ...owner }), { abortSignal: signal }),
    );
    return QueueUrl;
  }

  async attributesOf(QueueUrl: string): Promise<QueueAttributes> {
    const { Attributes = {} } = await this.#gate.ask({ action: "sqs:GetQueueAttributes", queue: QueueUrl }, (signal) =>
      this.#clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }), {
        abortSignal: signal,
      }),
    );
    return Attributes;
  }

  async setAttributes(QueueUrl: string, Attributes: QueueAttributes): Promise<void> {
    await this.#gate.ask({ action: "sqs:SetQueueAttributes", queue: QueueUrl }, (signal) =>
      this.#clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }), { abortSignal: signal }),
    );
  }

  async deleteQueue(QueueUrl: string): Promise<void> {
    await this.#gate.ask({ action: "sqs:DeleteQueue" }, (signal) =>
      this.#clients.sqs.send(new DeleteQueueCommand({ QueueUrl }), { abortSignal: signal }),
    );
  }

  /** The URLs of all queues whose names begin so. */
  async queuesOf(QueueNamePrefix: string): Promise<readonly string[]> {
    const urls: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = { QueueNamePrefix, MaxResults: 1_000, ...(NextToken === undefined ? {} : { NextToken }) };
      const answer = await this.#gate.ask({ action: "sqs:ListQueues" }, (signal) =>
        this.#clients.sqs.send(new ListQueuesCommand(page), { abortSignal: signal }),
      );
      urls.push(...(answer.QueueUrls ?? []));
      ({ NextToken } = answer);
    } while (NextToken !== undefined);
    return urls;
  }

  async tagQueue(QueueUrl: string, Tags: Record<string, string>): Promise<void> {
    await this.#gate.ask({ action: "sqs:TagQueue" }, (signal) =>
      this.#clients.sqs.send(new TagQueueCommand({ QueueUrl, Tags }), { abortSignal: signal }),
    );
  }

  async tagsOfQueue(QueueUrl: string): Promise<Readonly<Record<string, string>>> {
    const { Tags = {} } = await this.#gate.ask({ action: "sqs:ListQueueTags" }, (signal) =>
      this.#clients.sqs.send(new ListQueueTagsCommand({ QueueUrl }), { abortSignal: signal }),
    );
    return Tags;
  }

  async createTopic(Name: string, Attributes: QueueAttributes, tags: Record<string, string>): Promise<string> {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const { TopicArn = "" } = await this.#gate.ask({ action: "sns:CreateTopic" }, (signal) =>
      this.#clients.sns.send(new CreateTopicCommand({ Name, Attributes, Tags }), { abortSignal: signal }),
    );
    return TopicArn;
  }

  async topicAttributes(TopicArn: string): Promise<QueueAttributes> {
    const { Attributes = {} } = await this.#gate.ask({ action: "sns:GetTopicAttributes" }, (signal) =>
      this.#clients.sns.send(new GetTopicAttributesCommand({ TopicArn }), { abortSignal: signal }),
    );
    return Attributes;
  }

  async deleteTopic(TopicArn: string): Promise<void> {
    await this.#gate.ask({ action: "sns:DeleteTopic" }, (signal) =>
      this.#clients.sns.send(new DeleteTopicCommand({ TopicArn }), { abortSignal: signal }),
    );
  }

  async tagsOfTopic(ResourceArn: string): Promise<ReadonlyMap<string, string>> {
    const { Tags = [] } = await this.#gate.ask({ action: "sns:ListTagsForResource" }, (signal) =>
      this.#clients.sns.send(new ListTagsForResourceCommand({ ResourceArn }), { abortSignal: signal }),
    );
    return new Map(Tags.map(({ Key = "", Value = "" }) => [Key, Value]));
  }

  /** The ARNs of all topics. */
  async topics(): Promise<readonly string[]> {
    const arns: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = NextToken === undefined ? {} : { NextToken };
      const answer = await this.#gate.ask({ action: "sns:ListTopics" }, (signal) =>
        this.#clients.sns.send(new ListTopicsCommand(page), { abortSignal: signal }),
      );
      arns.push(...(answer.Topics ?? []).flatMap(({ TopicArn }) => (TopicArn === undefined ? [] : [TopicArn])));
      ({ NextToken } = answer);
    } while (NextToken !== undefined);
    return arns;
  }

  /** Makes a queue get what is published to a topic; repeated, it gives the same subscription. */
  async subscribe(TopicArn: string, Endpoint: string, Attributes: QueueAttributes): Promise<string> {
    const request = { TopicArn, Endpoint, Attributes, Protocol: "sqs", ReturnSubscriptionArn: true };
    const { SubscriptionArn = "" } = await this.#gate.ask({ action: "sns:Subscribe" }, (signal) =>
      this.#clients.sns.send(new SubscribeCommand(request), { abortSignal: signal }),
    );
    return SubscriptionArn;
  }

  async unsubscribe(SubscriptionArn: string): Promise<void> {
    await this.#gate.ask({ action: "sns:Unsubscribe" }, (signal) =>
      this.#clients.sns.send(new UnsubscribeCommand({ SubscriptionArn }), { abortSignal: signal }),
    );
  }

  close(): void {
    this.#gate.close();
    this.#clients.sqs.destroy();
    this.#clients.sns.destroy();
  }
}

function byId(failed: readonly BatchResultErrorEntry[] = []): Failures {
  return new Map(failed.map((entry) => [entry.Id ?? "", entry]));
}
