import { fits, type Inbox, type Source, WaybillError } from "@waybill/core";
import type { Api } from "./api.ts";
import { isGone } from "./gate.ts";
import { nameIn, tagsOfTopic } from "./layout.ts";
import { prefixOf, siblingOf, topicName } from "./names.ts";
import type { Settings } from "./url.ts";

export interface TopicsOptions {
  readonly api: Api;
  readonly settings: Settings;
  readonly namespace: string;
}

/** The SNS topics of a namespace, and which queues get what is published to them. */
export class Topics {
  readonly #options: TopicsOptions;
  readonly #arns = new Map<string, string>();
  /** The true names of topics, which never change. */
  readonly #named = new Map<string, string>();

  /** What the ARNs of this account and region begin with. */
  #start: string | undefined;

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  /** Makes a topic that is not there; gives its ARN. @throws WaybillError `TOPOLOGY_MISMATCH` */
  async create(source: Source): Promise<string> {
    const { api, namespace, settings } = this.#options;
    const name = topicName(namespace, source);
    const known = this.#start;
    if (known === undefined) await this.find(source);
    else if (await this.#isThere(`${known}${siblingOf(name)}`)) throw mismatch(source);
    const arn = await api.createTopic(
      name,
      attributesOf(source, settings),
      tagsOfTopic(settings, namespace, source.name),
    );
    this.#learn(name, arn);
    return arn;
  }

  /** The ARN of a topic that is there; undefined where it is not. @throws WaybillError `TOPOLOGY_MISMATCH` */
  async find(source: Source): Promise<string | undefined> {
    const { namespace } = this.#options;
    const name = topicName(namespace, source);
    const all = await this.#options.api.topics();
    const arn = all.find((one) => one.endsWith(`:${name}`));
    if (arn !== undefined) this.#learn(name, arn);
    else if (all.some((one) => one.endsWith(`:${siblingOf(name)}`))) throw mismatch(source);
    return arn;
  }

  /** What is known of it without asking. */
  known(source: Pick<Source, "name" | "shape">): string | undefined {
    return this.#arns.get(topicName(this.#options.namespace, source));
  }

  forget(source: Pick<Source, "name" | "shape">): void {
    this.#arns.delete(topicName(this.#options.namespace, source));
  }

  async remove(source: Source): Promise<void> {
    const arn = await this.find(source);
    this.forget(source);
    if (arn !== undefined) await this.#options.api.deleteTopic(arn);
  }

  /** The topics whose messages an inbox gets. */
  async feeding(inbox: Inbox): Promise<readonly string[]> {
    if (inbox.shape.kind === "queue") return [];
    if (inbox.shape.kind === "topic") {
      const source: Source = { kind: "source", name: inbox.source, shape: inbox.shape };
      const arn = this.known(source) ?? (await this.find(source));
      return arn === undefined ? [] : [arn];
    }
    const { api, namespace } = this.#options;
    const prefix = `:${prefixOf(namespace)}t`;
    const arns = (await api.topics()).filter((arn) => arn.includes(prefix));
    const names = await Promise.all(arns.map((arn) => this.#nameOf(arn)));
    return arns.filter((_, index) => fits(inbox.source, names[index] ?? ""));
  }

  /** Without a filter, which SNS would take a quarter of an hour to heed: it counts at once (SUB-1). */
  async wire(topicArn: string, queueArn: string): Promise<void> {
    await this.#options.api.subscribe(topicArn, queueArn, { RawMessageDelivery: "true" });
  }

  async unwire(topicArn: string, queueArn: string): Promise<void> {
    try {
      // Repeated, it gives the subscription that is there.
      const { api } = this.#options;
      await api.unsubscribe(await api.subscribe(topicArn, queueArn, { RawMessageDelivery: "true" }));
    } catch (thrown) {
      if (!isGone(thrown)) throw thrown;
    }
  }

  #learn(name: string, arn: string): void {
    this.#arns.set(name, arn);
    this.#start = arn.slice(0, arn.lastIndexOf(":") + 1);
  }

  async #nameOf(arn: string): Promise<string | undefined> {
    const known = this.#named.get(arn);
    if (known !== undefined) return known;
    try {
      const name = nameIn("waybill:source", await this.#options.api.tagsOfTopic(arn));
      if (name !== undefined) this.#named.set(arn, name);
      return name;
    } catch (thrown) {
      if (isGone(thrown)) return undefined;
      throw thrown;
    }
  }

  async #isThere(arn: string): Promise<boolean> {
    try {
      await this.#options.api.topicAttributes(arn);
      return true;
    } catch (thrown) {
      if (isGone(thrown)) return false;
      throw thrown;
    }
  }
}

function attributesOf({ shape }: Source, { kmsKeyId }: Settings): Readonly<Record<string, string>> {
  return {
    ...(kmsKeyId === undefined ? {} : { KmsMasterKeyId: kmsKeyId }),
    ...(shape.ordered ? { FifoTopic: "true", ContentBasedDeduplication: "false" } : {}),
  };
}

function mismatch({ name, shape }: Source): WaybillError {
  return new WaybillError(
    "TOPOLOGY_MISMATCH",
    `topic "${name}" exists with another layout: ordered is ${!shape.ordered}, asked for is ${shape.ordered}; ` +
      "use another name, or remove it first",
  );
}
