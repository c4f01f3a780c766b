import {
  type Connection,
  createTopicsV7,
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  deleteGroupsV2,
  deleteRecordsV2,
  deleteTopicsV6,
  describeGroupsV5,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  findCoordinatorV4,
  heartbeatV4,
  initProducerIdV4,
  joinGroupV7,
  leaveGroupV4,
  listOffsetsV7,
  metadataV11,
  offsetCommitV8,
  offsetFetchV8,
  ResponseError,
  syncGroupV5,
} from "@platformatic/kafka";
import type {
  Assigned,
  ClusterView,
  Commit,
  FetchAsk,
  Fetched,
  JoinAsk,
  Joined,
  Member,
  NewRecord,
  NewTopic,
  Numbered,
  OffsetAsk,
  OffsetFound,
  Partition,
  Producer,
  Session,
  Share,
} from "../driver.ts";
import type { Addresses, Connections } from "../connections.ts";
import { DriverError } from "../driver.ts";
import { committedIn, written } from "./commits.ts";
import { toDriverError } from "./errors.ts";
import { exchange } from "./exchange.ts";
import { byTopic } from "../groups.ts";
import { fetchOf } from "../protocol/fetch.ts";
import { produceOf } from "../protocol/produce.ts";
import { bufferOf } from "../bytes.ts";
import { PlatformaticTransactions } from "./transactions.ts";

const protocolType = "consumer";

/** The requests of @platformatic/kafka, each to one broker, none tried again. */
export class PlatformaticSession implements Session {
  readonly transactions: PlatformaticTransactions;
  readonly #connections: Connections<Connection>;
  readonly #addresses: Addresses;
  readonly #timeoutMs: number;

  constructor(connections: Connections<Connection>, addresses: Addresses, timeoutMs: number) {
    this.#connections = connections;
    this.#addresses = addresses;
    this.#timeoutMs = timeoutMs;
    this.transactions = new PlatformaticTransactions(
      (node, request) => this.#ask(node, request),
      (key) => this.#find(1, key),
    );
  }

  async view(topics: readonly string[] | undefined): Promise<ClusterView> {
    const response = await this.#ask(undefined, (connection) =>
      metadataV11.api.async(connection, topics === undefined ? null : [...topics], false, false),
    ).catch(answerWithErrors<Awaited<ReturnType<typeof metadataV11.api.async>>>);
    for (const { nodeId, host, port } of response.brokers) this.#addresses.set(nodeId, { host, port });
    const hidden = response.topics.find(({ errorCode }) => errorCode === topicAuthorizationFailed);
    if (hidden !== undefined)
      throw new DriverError("refused", "TOPIC_AUTHORIZATION_FAILED", `the topic ${hidden.name ?? ""} must not be seen`);
    const found = response.topics.filter(({ errorCode }) => errorCode === 0 || errorCode === leaderNotAvailable);
    return {
      nodes: response.brokers.map(({ nodeId }) => nodeId),
      topics: new Map(
        found.map(({ name, partitions }) => [
          name ?? "",
          partitions
            .toSorted((one, other) => one.partitionIndex - other.partitionIndex)
            .map(({ leaderId, errorCode }) => ({ leader: errorCode === leaderNotAvailable ? -1 : leaderId })),
        ]),
      ),
    };
  }

  async producer(): Promise<Producer> {
    const response = await this.#ask(undefined, (connection) =>
      initProducerIdV4.api.async(connection, null, this.#timeoutMs, -1n, -1),
    );
    return { id: response.producerId, epoch: response.producerEpoch };
  }

  produce(node: number, to: Partition, records: readonly NewRecord[], as?: Numbered): Promise<number> {
    const request = produceOf({ ...to, records, as, timeoutMs: this.#timeoutMs });
    return this.#ask(node, (connection) => exchange(connection, request));
  }

  fetch(
    node: number,
    asks: readonly FetchAsk[],
    bounds: { readonly waitMs: number; readonly maxBytes: number },
  ): Promise<readonly Fetched[]> {
    return this.#ask(node, (connection) => exchange(connection, fetchOf(asks, bounds)));
  }

  async offsets(node: number, asks: readonly OffsetAsk[], which?: "readable" | "all"): Promise<readonly OffsetFound[]> {
    const topics = byTopic(asks, ({ partition, at }) => ({
      partitionIndex: partition,
      currentLeaderEpoch: -1,
      timestamp: BigInt(at),
    }));
    const isolation = which === "all" ? 0 : 1;
    const response = await this.#ask(node, (connection) => listOffsetsV7.api.async(connection, -1, isolation, topics));
    return response.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, offset }) => ({
        topic: name,
        partition: partitionIndex,
        offset: Number(offset),
      })),
    );
  }

  coordinator(group: string): Promise<number> {
    return this.#find(0, group);
  }

  async join(node: number, ask: JoinAsk): Promise<Joined> {
    const metadata = encodeConsumerProtocolSubscription({
      version: 1,
      topics: [...ask.topics],
      userData: bufferOf(ask.data),
    });
    const protocols = [{ name: ask.protocol, metadata }];
    const response = await this.#ask(node, (connection) =>
      joinGroupV7.api.async(
        connection,
        ask.group,
        ask.sessionMs,
        ask.rebalanceMs,
        ask.id,
        null,
        protocolType,
        protocols,
      ),
    ).catch((error: unknown) => nameGiven(error));
    if (typeof response === "string") return this.join(node, { ...ask, id: response });
    const leads = response.leader === response.memberId;
    const members = response.members.map(({ memberId, metadata: data }) => ({
      id: memberId,
      data: decodeConsumerProtocolSubscription(data).userData,
    }));
    return { id: response.memberId, generation: response.generationId, members: leads ? members : undefined };
  }

  async sync(node: number, member: Member, protocol: string, shares: readonly Share[]): Promise<Assigned> {
    const assignments = shares.map(({ id, partitions, data }) => ({
      memberId: id,
      assignment: encodeConsumerProtocolAssignment({
        version: 1,
        assignedPartitions: byTopic(partitions, ({ partition }) => partition).map((one) => ({
          topic: one.name,
          partitions: one.partitions,
        })),
        ...(data !== undefined && { userData: bufferOf(data) }),
      }),
    }));
    const { group, generation, id } = member;
    const response = await this.#ask(node, (connection) =>
      syncGroupV5.api.async(connection, group, generation, id, null, protocolType, protocol, assignments),
    );
    if (response.assignment.length === 0) return { partitions: [], data: new Uint8Array() };
    const { assignedPartitions, userData } = decodeConsumerProtocolAssignment(response.assignment);
    return {
      partitions: assignedPartitions.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
      data: userData,
    };
  }

  async heartbeat(node: number, { group, generation, id }: Member): Promise<void> {
    await this.#ask(node, (connection) => heartbeatV4.api.async(connection, group, generation, id, null));
  }

  async leave(node: number, { group, id }: Member): Promise<void> {
    await this.#ask(node, (connection) => leaveGroupV4.api.async(connection, group, [{ memberId: id }]));
  }

  async commit(node: number, { group, generation, id }: Member, commits: readonly Commit[]): Promise<void> {
    const topics = written(commits);
    await this.#ask(node, (connection) => offsetCommitV8.api.async(connection, group, generation, id, null, topics));
  }

  async committed(node: number, group: string, of?: readonly Partition[]): Promise<readonly Commit[]> {
    const named = byTopic(of ?? [], ({ partition }) => partition).map(({ name, partitions }) => ({
      name,
      partitionIndexes: partitions,
    }));
    const wanted = [{ groupId: group, memberEpoch: -1, topics: of === undefined ? null : named }];
    const response = await this.#ask(node, (connection) =>
      offsetFetchV8.api.async(connection, wanted, of !== undefined),
    );
    return committedIn(response);
  }

  async groupState(node: number, group: string): Promise<string> {
    const response = await this.#ask(node, (connection) => describeGroupsV5.api.async(connection, [group], false));
    return response.groups[0]?.groupState ?? "Dead";
  }

  async deleteGroup(node: number, group: string): Promise<void> {
    await this.#ask(node, (connection) => deleteGroupsV2.api.async(connection, [group]));
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const wanted = topics.map(({ name, partitions, replication, configs }) => ({
      name,
      numPartitions: partitions,
      replicationFactor: replication,
      assignments: [],
      configs: Object.entries(configs).map(([setting, value]) => ({ name: setting, value })),
    }));
    await this.#ask(undefined, (connection) => createTopicsV7.api.async(connection, wanted, this.#timeoutMs, false));
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    const named = topics.map((name) => ({ name }));
    await this.#ask(undefined, (connection) => deleteTopicsV6.api.async(connection, named, this.#timeoutMs));
  }

  async truncate(node: number, upTo: readonly (Partition & { readonly offset: number })[]): Promise<void> {
    const topics = byTopic(upTo, ({ partition, offset }) => ({ partitionIndex: partition, offset: BigInt(offset) }));
    await this.#ask(node, (connection) => deleteRecordsV2.api.async(connection, topics, this.#timeoutMs));
  }

  close(): Promise<void> {
    return this.#connections.close();
  }

  async #find(kind: 0 | 1, key: string): Promise<number> {
    const response = await this.#ask(undefined, (connection) => findCoordinatorV4.api.async(connection, kind, [key]));
    const [found] = response.coordinators;
    if (found === undefined) throw new DriverError("refused", "COORDINATOR_NOT_AVAILABLE", `no broker keeps ${key}`);
    this.#addresses.set(found.nodeId, { host: found.host, port: found.port });
    return found.nodeId;
  }

  async #ask<T>(node: number | undefined, request: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await (node === undefined ? this.#connections.any() : this.#connections.to(node));
    // Of one that is closed already the client says the same as of one that closes before it answers.
    if (!connection.isConnected()) throw new DriverError("unreachable", "CLOSED", "the connection was closed before");
    try {
      return await request(connection);
    } catch (error) {
      throw toDriverError(error, "lost", `${connection.host}:${connection.port}`);
    }
  }
}

const leaderNotAvailable = 5;
const topicAuthorizationFailed = 29;

/** What was answered beside the errors of some topics. */
function answerWithErrors<T>(thrown: unknown): T {
  const { cause } = thrown as Error;
  if (cause instanceof ResponseError) return cause["response"] as T;
  throw thrown;
}

/** The name that a group gives to a new member, with which it has to join. */
function nameGiven(thrown: unknown): string {
  if (
    thrown instanceof DriverError &&
    thrown.reason === "MEMBER_ID_REQUIRED" &&
    thrown.cause instanceof ResponseError
  ) {
    const { memberId } = thrown.cause["response"] as { readonly memberId?: unknown };
    if (typeof memberId === "string") return memberId;
  }
  throw thrown;
}
