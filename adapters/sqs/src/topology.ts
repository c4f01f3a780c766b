import { checkLayout, fits, type Inbox, type Place, type Source, WaybillError } from "@waybill/core";
import type { Api } from "./api.ts";
import { isGone, RequestError } from "./gate.ts";
import { nameIn, policyFor, queueAttributes, redrivePolicy, tagsOfInbox } from "./layout.ts";
import { deadName, kindOf, prefixOf, queueNames, siblingOf, sourcePrefix } from "./names.ts";
import { Topics } from "./topics.ts";
import type { Settings } from "./url.ts";

export interface TopologyOptions {
  readonly api: Api;
  readonly settings: Settings;
  readonly namespace: string;
  readonly verify: boolean;
  readonly hasTopics: boolean;
}

/** Where an inbox is: its queues, one for each priority, the lowest first. */
export interface Queues {
  readonly levels: readonly [string, ...string[]];
}

/**
 * The topics, queues, patterns and groups of a namespace. Whoever comes second of a topic and a pattern completes the wiring: each is
 * first made, and then looks who else is there (SUB-4).
 */
export class Topology {
  readonly topics: Topics;
  readonly #options: TopologyOptions;
  /** The URLs of queues by their names. */
  readonly #urls = new Map<string, string>();

  constructor(options: TopologyOptions) {
    this.#options = options;
    this.topics = new Topics(options);
  }

  /** Makes what is missing, refuses what differs (LAY-1), makes nothing to verify (LIF-5). */
  async declare(place: Place): Promise<void> {
    if (place.kind === "inbox") return this.declareInbox(place.inbox);
    const { shape, name } = place;
    if (shape.kind === "queue")
      return this.declareInbox({
        source: name,
        shape,
        group: name,
        ordered: shape.ordered,
        ephemeral: false,
      });
    if (!this.#options.hasTopics) return;
    if (shape.priorities > 1)
      throw new WaybillError("UNSUPPORTED", `topic "${name}" has priorities, which SNS has not; give it none`);
    if (this.#options.verify) {
      if ((await this.topics.find(place)) === undefined) throw missing(`topic "${name}"`);
      return;
    }
    await this.#wirePatterns(place, await this.topics.create(place));
  }

  /** Makes an inbox that is not there, with all that feeds it. */
  async declareInbox(inbox: Inbox): Promise<void> {
    const { namespace, verify, hasTopics } = this.#options;
    const names = queueNames(namespace, inbox);
    await this.#checkSibling(inbox, names[0]);
    if (verify && !inbox.ephemeral) {
      for (const name of names) await this.#verifyQueue(name, inbox);
      return;
    }
    const dead = inbox.ephemeral ? undefined : await this.arnOf(await this.makeDead(inbox));
    const [first, ...others] = names;
    const urls = [await this.#make(first, inbox, dead)] as const;
    await Promise.all(others.map((name) => this.#make(name, inbox, dead)));
    if (!hasTopics || inbox.shape.kind === "queue") return;
    const arn = await this.arnOf(urls[0]);
    // Of what has no dead letters the account was not known before.
    if (inbox.ephemeral)
      await this.#options.api.setAttributes(urls[0], { Policy: policyFor(arn, prefixOf(namespace)) });
    for (const topic of await this.topics.feeding(inbox)) await this.topics.wire(topic, arn);
  }

  /** The URLs of an inbox's queues. @throws WaybillError `MISSING` */
  async queuesOf(inbox: Inbox): Promise<Queues> {
    const [first, ...others] = queueNames(this.#options.namespace, inbox);
    const what = `group "${inbox.group}" of "${inbox.source}"`;
    return {
      levels: [await this.urlOf(first, what), ...(await Promise.all(others.map((one) => this.urlOf(one, what))))],
    };
  }

  /** The URL of the queue of an inbox's dead letters; undefined where it has none. */
  async deadOf(inbox: Inbox): Promise<string | undefined> {
    try {
      return await this.urlOf(deadName(this.#options.namespace, inbox), "");
    } catch (error) {
      if (error instanceof WaybillError && error.code === "MISSING") return undefined;
      throw error;
    }
  }

  makeDead(inbox: Inbox): Promise<string> {
    return this.#make(deadName(this.#options.namespace, inbox), inbox, undefined);
  }

  /** The URL of a queue by its name. @throws WaybillError `MISSING` */
  async urlOf(name: string, what: string): Promise<string> {
    const known = this.#urls.get(name);
    if (known !== undefined) return known;
    try {
      const url = await this.#options.api.queueUrl(name, this.#options.settings.account);
      this.#urls.set(name, url);
      return url;
    } catch (thrown) {
      if (isGone(thrown)) throw missing(what);
      throw thrown;
    }
  }

  /** Asks again for what is known of an inbox: it was removed, and may be there anew. */
  forget(inbox: Inbox): void {
    const { namespace } = this.#options;
    for (const name of [...queueNames(namespace, inbox), deadName(namespace, inbox)]) this.#urls.delete(name);
  }

  async arnOf(url: string): Promise<string> {
    const { QueueArn = "" } = await this.#options.api.attributesOf(url);
    return QueueArn;
  }

  /** Removes a place with all its lanes (GRP-1). */
  async remove(place: Place): Promise<void> {
    const { namespace, hasTopics, api } = this.#options;
    if (place.kind === "inbox") return this.removeInbox(place.inbox);
    const { name, shape } = place;
    if (shape.kind === "queue")
      return this.removeInbox({ source: name, shape, group: name, ordered: shape.ordered, ephemeral: false });
    // Its subscriptions go with it.
    if (hasTopics) await this.topics.remove(place);
    for (const kind of ["t", "e"] as const)
      for (const url of await api.queuesOf(sourcePrefix(namespace, kind, name))) await this.#delete(url);
  }

  async removeInbox(inbox: Inbox): Promise<void> {
    const { namespace, hasTopics } = this.#options;
    const names = queueNames(namespace, inbox);
    if (hasTopics && inbox.shape.kind !== "queue") await this.#unwire(inbox, names[0]);
    for (const name of [...names, deadName(namespace, inbox)]) {
      try {
        await this.#delete(await this.urlOf(name, ""));
      } catch (error) {
        if (!(error instanceof WaybillError && error.code === "MISSING")) throw error;
      }
    }
    this.forget(inbox);
  }

  async #unwire(inbox: Inbox, name: string): Promise<void> {
    try {
      const arn = await this.arnOf(await this.urlOf(name, ""));
      for (const topic of await this.topics.feeding(inbox)) await this.topics.unwire(topic, arn);
    } catch (error) {
      const isMissing = isGone(error) || (error instanceof WaybillError && error.code === "MISSING");
      if (!isMissing) throw error;
    }
  }

  async #delete(url: string): Promise<void> {
    try {
      await this.#options.api.deleteQueue(url);
    } catch (thrown) {
      if (!isGone(thrown)) throw thrown;
    }
  }

  /** What is new gets into the inboxes of all patterns that it fits. */
  async #wirePatterns({ name, shape }: Source, topicArn: string): Promise<void> {
    const { api, namespace } = this.#options;
    const prefix = prefixOf(namespace);
    for (const kind of ["p", "x"] as const) {
      for (const url of await api.queuesOf(`${prefix}${kind}`)) {
        if (/-dead(\.fifo)?$/.test(url) || (url.endsWith(".fifo") && !shape.ordered)) continue;
        try {
          const pattern = nameIn("waybill:source", new Map(Object.entries(await api.tagsOfQueue(url))));
          if (pattern !== undefined && fits(pattern, name)) await this.topics.wire(topicArn, await this.arnOf(url));
        } catch (thrown) {
          // It was removed meanwhile.
          if (!isGone(thrown)) throw thrown;
        }
      }
    }
  }

  async #make(name: string, inbox: Inbox, deadArn: string | undefined): Promise<string> {
    const { api, settings, namespace, hasTopics } = this.#options;
    const isFed = hasTopics && inbox.shape.kind !== "queue";
    const attributes = {
      ...queueAttributes(settings, inbox.ordered),
      ...(deadArn === undefined ? {} : { RedrivePolicy: redrivePolicy(deadArn, inbox.ordered) }),
      ...(isFed && deadArn !== undefined ? { Policy: policyFor(deadArn, prefixOf(namespace)) } : {}),
    };
    const seen = inbox.ephemeral ? { "waybill:seen": `${Date.now()}` } : {};
    try {
      const url = await api.createQueue(name, attributes, { ...tagsOfInbox(settings, namespace, inbox), ...seen });
      this.#urls.set(name, url);
      return url;
    } catch (thrown) {
      if (!(thrown instanceof RequestError) || thrown.error.code !== "TOPOLOGY_MISMATCH") throw thrown;
      return this.#compare(name, inbox, attributes);
    }
  }

  /** What differs, named; a policy that somebody has changed is his. */
  async #compare(name: string, inbox: Inbox, asked: Readonly<Record<string, string>>): Promise<string> {
    const url = await this.urlOf(name, "");
    const there = await this.#options.api.attributesOf(url);
    const { Policy: _, ...mine } = asked;
    checkLayout(`queue ${name} of group "${inbox.group}" of "${inbox.source}"`, there, mine);
    return url;
  }

  async #verifyQueue(name: string, inbox: Inbox): Promise<void> {
    const what =
      inbox.shape.kind === "queue" ? `queue "${inbox.source}"` : `group "${inbox.group}" of "${inbox.source}"`;
    this.#urls.delete(name);
    const url = await this.urlOf(name, what);
    const there = await this.#options.api.attributesOf(url);
    const { ordered } = inbox;
    checkLayout(what, { ordered: there["FifoQueue"] === "true" }, { ordered });
  }

  /** A queue of the other order has another name, and SQS would have both. */
  async #checkSibling(inbox: Inbox, name: string): Promise<void> {
    if (kindOf(inbox) === "e" || kindOf(inbox) === "x") return;
    const what =
      inbox.shape.kind === "queue" ? `queue "${inbox.source}"` : `group "${inbox.group}" of "${inbox.source}"`;
    try {
      await this.#options.api.queueUrl(siblingOf(name), this.#options.settings.account);
    } catch (thrown) {
      if (isGone(thrown)) return;
      throw thrown;
    }
    checkLayout(what, { ordered: !inbox.ordered }, { ordered: inbox.ordered });
  }
}

function missing(what: string): WaybillError {
  return new WaybillError(
    "MISSING",
    `sqs: ${what} is not there; declare it, or have it made by whoever keeps the topology`,
  );
}
