import { type Address, type Inbox, inboxAt, type Source, WaybillError } from "@waybill/core";
import type { Cluster } from "./cluster.ts";
import { deadTopic, laneTopic, sourceTopics } from "./names.ts";
import type { Target } from "./outbox.ts";

/** Where addresses lead to. */
export class Router {
  readonly #namespace: string;
  readonly #cluster: Cluster;

  constructor(namespace: string, cluster: Cluster) {
    this.#namespace = namespace;
    this.#cluster = cluster;
  }

  /** @throws WaybillError `NO_ROUTE` for a reply address that is gone */
  async target(to: Address): Promise<Target> {
    if (to.kind === "source") return this.source(to);
    if (to.kind === "inbox") return this.lanes(to.inbox);
    const name = inboxAt(to.to);
    const topic =
      name && laneTopic(this.#namespace, { ...name, shape: { kind: name.isPattern ? "pattern" : "topic" } });
    if (topic !== undefined && (await this.#cluster.partitionsOf(topic)) !== undefined)
      return { kind: "lanes", topic, ordered: false, ephemeral: true };
    throw new WaybillError("NO_ROUTE", `kafka: nobody is at the reply address ${to.to} any more`);
  }

  source({ name, shape }: Source): Target {
    return { kind: "source", topics: sourceTopics(this.#namespace, name, shape.priorities) };
  }

  lanes(inbox: Inbox): Target & { readonly kind: "lanes" } {
    return {
      kind: "lanes",
      topic: laneTopic(this.#namespace, inbox),
      ordered: inbox.ordered,
      ephemeral: inbox.ephemeral,
    };
  }

  dead(inbox: Inbox): Target & { readonly kind: "dead" } {
    return { kind: "dead", topic: deadTopic(this.#namespace, inbox) };
  }

  /** The queue's own inbox: what is delayed there need not be read to be set aside. */
  inboxOf({ name, shape }: Source): Inbox {
    return { source: name, shape, group: name, ordered: shape.ordered, ephemeral: false };
  }

  /** The topics an inbox is fed from, with the name of each one's source; a pattern's are given. */
  feeds(sources: readonly Pick<Source, "name" | "shape">[]): readonly Feed[] {
    return sources.flatMap(({ name, shape }) =>
      sourceTopics(this.#namespace, name, shape.priorities).map((topic, level) => ({
        topic,
        level,
        source: name,
        retainMs: shape.retainMs,
      })),
    );
  }
}

/** A topic that feeds an inbox. */
export interface Feed {
  readonly topic: string;
  /** Of priority. */
  readonly level: number;
  readonly source: string;
  readonly retainMs: number;
}
