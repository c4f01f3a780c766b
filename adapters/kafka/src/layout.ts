import type { Inbox, Shape } from "@waybill/core";
import type { NewTopic } from "./driver.ts";
import { headerRoom } from "./manifest.ts";
import { deadTopic, laneTopic, registryTopic, sourceTopics } from "./names.ts";
import { tiersOf } from "./tiers.ts";
import type { Settings } from "./url.ts";

const day = 86_400_000;
const copies = 3;

/** How topics are made. */
export class Layout {
  readonly #namespace: string;
  readonly #settings: Settings;
  readonly #replication: number;

  /** `brokers`: how many there are. */
  constructor(namespace: string, settings: Settings, brokers: number) {
    this.#namespace = namespace;
    this.#settings = settings;
    this.#replication = settings.replication ?? Math.min(copies, Math.max(brokers, 1));
  }

  registry(): NewTopic {
    const configs = { "cleanup.policy": "compact", "min.compaction.lag.ms": `${day}` };
    return this.#topic(registryTopic(this.#namespace), 1, configs);
  }

  source(name: string, { priorities, retainMs }: Shape): readonly NewTopic[] {
    const kept = Math.max(retainMs, this.#settings.retentionMs);
    const configs = { "cleanup.policy": "delete", "retention.ms": Number.isFinite(kept) ? `${kept}` : "-1" };
    return sourceTopics(this.#namespace, name, priorities).map((topic) =>
      this.#topic(topic, this.#settings.partitions, configs),
    );
  }

  /** A dead letter has its note as well, and has to fit (DLQ-2). */
  inbox(inbox: Inbox): readonly NewTopic[] {
    const room = { "max.message.bytes": `${this.#settings.maxMessageBytes + 2 * headerRoom}` };
    const kept = { "cleanup.policy": "delete", "retention.ms": `${this.#settings.retentionMs}`, ...room };
    const letters = {
      "cleanup.policy": "compact",
      "min.cleanable.dirty.ratio": "0.2",
      "segment.ms": `${day}`,
      ...room,
    };
    // The redriven of a key has to meet those of its key that come from its topic.
    const partitions = inbox.ordered ? this.#settings.partitions : tiersOf(inbox).length;
    return [
      this.#topic(laneTopic(this.#namespace, inbox), partitions, kept),
      this.#topic(deadTopic(this.#namespace, inbox), 1, letters),
    ];
  }

  #topic(name: string, partitions: number, configs: Readonly<Record<string, string>>): NewTopic {
    const inSync = this.#replication >= copies ? { "min.insync.replicas": "2" } : {};
    return { name, partitions, replication: this.#replication, configs: { ...configs, ...inSync } };
  }
}
