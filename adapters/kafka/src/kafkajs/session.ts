import { Buffer } from "node:buffer";
import { keyOf } from "../assignor.ts";
import type { Addresses, Connections } from "../connections.ts";
import {
  type Assigned,
  type ClusterView,
  type Commit,
  type FetchAsk,
  type Fetched,
  type JoinAsk,
  type Joined,
  type Member,
  type NewRecord,
  type NewTopic,
  type Numbered,
  type OffsetAsk,
  type OffsetFound,
  type Partition,
  type Producer,
  type Session,
  type Share,
} from "../driver.ts";
import { byTopic } from "../groups.ts";
import { bufferOf } from "../bytes.ts";
import { fetchOf } from "../protocol/fetch.ts";
import { produceOf } from "../protocol/produce.ts";
import type {
  AssignmentAnswer,
  Code,
  CommittedAnswer,
  CoordinatorAnswer,
  GroupsAnswer,
  JoinAnswer,
  Metadata,
  OffsetsAnswer,
  Place,
  ProducerAnswer,
  TopicError,
  Topics,
} from "./answers.ts";
import type { Client } from "./client.ts";
import { isNamed } from "./errors.ts";
import type { Link } from "./opening.ts";
import { Requests } from "./requests.ts";
import { viewFrom } from "./view.ts";

const committedOnly = 1;

/** The requests of kafkajs, each to one broker, none tried again: its answers are read by us, error by error. */
export class KafkajsSession implements Session {
  readonly #client: Client;
  readonly #requests: Requests;
  readonly #addresses: Addresses;
  readonly #timeoutMs: number;

  constructor(client: Client, connections: Connections<Link>, addresses: Addresses, timeoutMs: number) {
    this.#client = client;
    this.#requests = new Requests(client, connections);
    this.#addresses = addresses;
    this.#timeoutMs = timeoutMs;
  }

  async view(topics: readonly string[] | undefined): Promise<ClusterView> {
    // For the client none is all.
    const wanted = { topics: topics ?? [], allowAutoTopicCreation: false };
    const metadata = await this.#requests.ask<Metadata>(undefined, "Metadata", wanted);
    for (const { nodeId, host, port } of metadata.brokers) this.#addresses.set(nodeId, { host, port });
    return viewFrom(this.#client, metadata);
  }

  async producer(): Promise<Producer> {
    const wanted = { transactionalId: null, transactionTimeout: this.#timeoutMs };
    const answer = await this.#requests.ask<ProducerAnswer>(undefined, "InitProducerId", wanted);
    return { id: BigInt(this.#requests.checked(answer).producerId), epoch: answer.producerEpoch };
  }

  produce(node: number, to: Partition, records: readonly NewRecord[], as?: Numbered): Promise<number> {
    return this.#requests.exchange(node, produceOf({ ...to, records, as, timeoutMs: this.#timeoutMs }));
  }

  fetch(
    node: number,
    asks: readonly FetchAsk[],
    bounds: { readonly waitMs: number; readonly maxBytes: number },
  ): Promise<readonly Fetched[]> {
    return this.#requests.exchange(node, fetchOf(asks, bounds));
  }

  async offsets(node: number, asks: readonly OffsetAsk[], which?: "readable" | "all"): Promise<readonly OffsetFound[]> {
    const topics = named(byTopic(asks, ({ partition, at }) => ({ partition, timestamp: at })));
    const { responses } = await this.#requests.ask<OffsetsAnswer>(node, "ListOffsets", {
      replicaId: -1,
      isolationLevel: which === "all" ? 0 : committedOnly,
      topics,
    });
    return this.#requests.each(responses, (topic, { partition, offset }) => ({
      topic,
      partition,
      offset: Number(offset),
    }));
  }

  async coordinator(group: string): Promise<number> {
    const answer = await this.#requests.ask<CoordinatorAnswer>(undefined, "GroupCoordinator", { groupId: group });
    const { nodeId, host, port } = this.#requests.checked(answer).coordinator;
    this.#addresses.set(nodeId, { host, port });
    return nodeId;
  }

  async join(node: number, ask: JoinAsk): Promise<Joined> {
    const { MemberMetadata } = this.#client;
    const metadata = MemberMetadata.encode({ version: 1, topics: ask.topics, userData: bufferOf(ask.data) });
    const answer = await this.#requests.ask<JoinAnswer>(node, "JoinGroup", {
      groupId: ask.group,
      sessionTimeout: ask.sessionMs,
      rebalanceTimeout: ask.rebalanceMs,
      memberId: ask.id,
      protocolType: "consumer",
      groupProtocols: [{ name: ask.protocol, metadata }],
    });
    if (isNamed(this.#client, answer.errorCode, "MEMBER_ID_REQUIRED"))
      return this.join(node, { ...ask, id: answer.memberId });
    const { memberId: id, leaderId, generationId: generation, members } = this.#requests.checked(answer);
    const all = members.map(({ memberId, memberMetadata }) => ({
      id: memberId,
      data: MemberMetadata.decode(memberMetadata)?.userData ?? Buffer.alloc(0),
    }));
    return { id, generation, members: leaderId === id ? all : undefined };
  }

  async sync(node: number, member: Member, _protocol: string, shares: readonly Share[]): Promise<Assigned> {
    const { MemberAssignment } = this.#client;
    const groupAssignment = shares.map(({ id, partitions, data }) => ({
      memberId: id,
      memberAssignment: MemberAssignment.encode({
        version: 1,
        assignment: Object.fromEntries(
          byTopic(partitions, ({ partition }) => partition).map((one) => [one.name, one.partitions]),
        ),
        ...(data !== undefined && { userData: bufferOf(data) }),
      }),
    }));
    const { group: groupId, generation: generationId, id: memberId } = member;
    const answer = await this.#requests.ask<AssignmentAnswer>(node, "SyncGroup", {
      groupId,
      generationId,
      memberId,
      groupAssignment,
    });
    const mine = MemberAssignment.decode(this.#requests.checked(answer).memberAssignment);
    return {
      partitions: Object.entries(mine?.assignment ?? {}).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
      data: mine?.userData ?? Buffer.alloc(0),
    };
  }

  async heartbeat(node: number, { group, generation, id }: Member): Promise<void> {
    this.#requests.checked(
      await this.#requests.ask<Code>(node, "Heartbeat", {
        groupId: group,
        groupGenerationId: generation,
        memberId: id,
      }),
    );
  }

  async leave(node: number, { group, id }: Member): Promise<void> {
    this.#requests.checked(await this.#requests.ask<Code>(node, "LeaveGroup", { groupId: group, memberId: id }));
  }

  async commit(node: number, { group, generation, id }: Member, commits: readonly Commit[]): Promise<void> {
    const topics = named(
      byTopic(commits, ({ partition, offset, metadata }) => ({ partition, offset: `${offset}`, metadata })),
    );
    const wanted = { groupId: group, groupGenerationId: generation, memberId: id, topics };
    const { responses } = await this.#requests.ask<{ readonly responses: Topics<Place> }>(node, "OffsetCommit", wanted);
    this.#requests.each(responses, () => undefined);
  }

  async committed(node: number, group: string, of?: readonly Partition[]): Promise<readonly Commit[]> {
    // For the client no topics are all.
    const answer = await this.#requests.ask<CommittedAnswer>(node, "OffsetFetch", { groupId: group, topics: [] });
    const commits = this.#requests.each(
      this.#requests.checked(answer).responses,
      (topic, { partition, offset, metadata }) => ({
        topic,
        partition,
        offset: Number(offset),
        metadata: metadata ?? "",
      }),
    );
    const named = of && new Set(of.map(keyOf));
    return commits.filter((one) => one.offset >= 0 && named?.has(keyOf(one)) !== false);
  }

  async groupState(node: number, group: string): Promise<string> {
    const { groups } = await this.#requests.ask<GroupsAnswer>(node, "DescribeGroups", { groupIds: [group] });
    return groups[0] === undefined ? "Dead" : this.#requests.checked(groups[0]).state;
  }

  async deleteGroup(node: number, group: string): Promise<void> {
    const { results } = await this.#requests.ask<{ readonly results: readonly Code[] }>(node, "DeleteGroups", [group]);
    for (const result of results) this.#requests.checked(result);
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const wanted = topics.map(({ name, partitions, replication, configs }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor: replication,
      configEntries: Object.entries(configs).map(([setting, value]) => ({ name: setting, value })),
    }));
    await this.#change("CreateTopics", wanted);
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    await this.#change("DeleteTopics", topics);
  }

  async truncate(node: number, upTo: readonly (Partition & { readonly offset: number })[]): Promise<void> {
    const topics = named(byTopic(upTo, ({ partition, offset }) => ({ partition, offset: `${offset}` })));
    const answer = await this.#requests.ask<{ readonly topics: Topics<Place> }>(node, "DeleteRecords", {
      topics,
      timeout: this.#timeoutMs,
    });
    this.#requests.each(answer.topics, () => undefined);
  }

  close(): Promise<void> {
    return this.#requests.close();
  }

  async #change(api: string, topics: readonly unknown[]): Promise<void> {
    const wanted = { topics, timeout: this.#timeoutMs };
    const { topicErrors } = await this.#requests.ask<{ readonly topicErrors: readonly TopicError[] }>(
      undefined,
      api,
      wanted,
    );
    for (const error of topicErrors) this.#requests.checked(error, `${error.topic} ${error.errorMessage ?? ""}`);
  }
}

function named<P>(topics: readonly { readonly name: string; readonly partitions: readonly P[] }[]): Topics<P> {
  return topics.map(({ name, partitions }) => ({ topic: name, partitions }));
}
