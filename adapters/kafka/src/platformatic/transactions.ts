import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  type Connection,
  endTxnV3,
  initProducerIdV4,
  txnOffsetCommitV3,
} from "@platformatic/kafka";
import type { Commit, Member, Partition, Producer, Transactional, Transactions } from "../driver.ts";
import { byTopic } from "../groups.ts";
import { written } from "./commits.ts";

type Ask = <T>(node: number, request: (connection: Connection) => Promise<T>) => Promise<T>;

/** Requests as every broker from Kafka 3.0 on knows them. */
export class PlatformaticTransactions implements Transactions {
  readonly #ask: Ask;
  readonly #find: (id: string) => Promise<number>;

  constructor(ask: Ask, find: (id: string) => Promise<number>) {
    this.#ask = ask;
    this.#find = find;
  }

  coordinator(id: string): Promise<number> {
    return this.#find(id);
  }

  async begin(node: number, id: string, timeoutMs: number): Promise<Producer> {
    const { producerId, producerEpoch } = await this.#ask(node, (connection) =>
      initProducerIdV4.api.async(connection, id, timeoutMs, -1n, -1),
    );
    return { id: producerId, epoch: producerEpoch };
  }

  async addPartitions(node: number, of: Transactional, partitions: readonly Partition[]): Promise<void> {
    const topics = byTopic(partitions, ({ partition }) => partition);
    const added = {
      transactionalId: of.id,
      producerId: of.producer.id,
      producerEpoch: of.producer.epoch,
      verifyOnly: false,
      topics,
    };
    await this.#ask(node, (connection) => addPartitionsToTxnV3.api.async(connection, [added]));
  }

  async addGroup(node: number, { id, producer }: Transactional, group: string): Promise<void> {
    await this.#ask(node, (connection) =>
      addOffsetsToTxnV3.api.async(connection, id, producer.id, producer.epoch, group),
    );
  }

  async commit(node: number, of: Transactional, member: Member, commits: readonly Commit[]): Promise<void> {
    const { id, producer } = of;
    const { group, generation } = member;
    const topics = written(commits);
    await this.#ask(node, (connection) =>
      txnOffsetCommitV3.api.async(
        connection,
        id,
        group,
        producer.id,
        producer.epoch,
        generation,
        member.id,
        null,
        topics,
      ),
    );
  }

  async end(node: number, { id, producer }: Transactional, how: "commit" | "abort"): Promise<void> {
    await this.#ask(node, (connection) =>
      endTxnV3.api.async(connection, id, producer.id, producer.epoch, how === "commit"),
    );
  }
}
