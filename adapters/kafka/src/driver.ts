/*
 * All that is asked of a client of Kafka: single requests to single brokers. What is retried, where, in which order, and who owns which
 * partition is decided above it, so that two clients cannot differ in it.
 */

/** Opens sessions that know of the same brokers. */
export interface Driver {
  /** A set of connections of its own, opened when they are needed. Requests on one connection are answered one after the other. */
  session(timeoutMs: number): Session;
}

/** A record as it is written. */
export interface NewRecord {
  readonly key: Uint8Array | undefined;
  /** Undefined: a tombstone. */
  readonly value: Uint8Array | undefined;
  readonly headers: readonly (readonly [name: string, value: Uint8Array])[];
  readonly timestamp: number;
}

/** A record as it was read. */
export interface StoredRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | undefined;
  readonly value: Uint8Array | undefined;
  /** What of a value is no UTF-8 is replaced. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Whoever stores numbered records. */
export interface Producer {
  readonly id: bigint;
  readonly epoch: number;
}

/** The number of the first of some records, which count on from there in their partition. */
export interface Numbered {
  readonly producer: Producer;
  readonly sequence: number;
  /** The transactional id of whoever stores them, where they are part of its transaction. */
  readonly transaction?: string | undefined;
}

/** Whose transaction it is. */
export interface Transactional {
  readonly id: string;
  readonly producer: Producer;
}

export interface Partition {
  readonly topic: string;
  readonly partition: number;
}

export interface PartitionView {
  /** The broker that leads it; -1 while none does. */
  readonly leader: number;
}

export interface ClusterView {
  /** The brokers that are there. */
  readonly nodes: readonly number[];
  /** What is there of the topics asked for, their partitions in order. */
  readonly topics: ReadonlyMap<string, readonly PartitionView[]>;
}

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replication: number;
  readonly configs: Readonly<Record<string, string>>;
}

export interface FetchAsk extends Partition {
  readonly offset: number;
  readonly maxBytes: number;
}

export interface Fetched extends Partition {
  /** A protocol error, by its name; undefined where there is none. */
  readonly error: string | undefined;
  /** The offset behind the last record. */
  readonly end: number;
  /** The first offset that is still there. */
  readonly start: number;
  readonly records: readonly StoredRecord[];
  /** Where to go on: behind the last record that was read, also where it holds nothing for us. */
  readonly next: number;
}

export interface OffsetAsk extends Partition {
  /** Epoch ms: the first record from then on; -1 the end, -2 the beginning. */
  readonly at: number;
}

/** The offset, and -1 where there is none from that time on. */
export interface OffsetFound extends Partition {
  readonly offset: number;
}

/** Who speaks for a group. */
export interface Member {
  readonly group: string;
  readonly id: string;
  readonly generation: number;
}

export interface JoinAsk {
  readonly group: string;
  readonly id: string;
  readonly sessionMs: number;
  readonly rebalanceMs: number;
  readonly protocol: string;
  readonly topics: readonly string[];
  readonly data: Uint8Array;
}

export interface Joined {
  readonly id: string;
  readonly generation: number;
  /** Undefined for those that do not lead. */
  readonly members: readonly { readonly id: string; readonly data: Uint8Array }[] | undefined;
}

export interface Share {
  readonly id: string;
  readonly partitions: readonly Partition[];
  readonly data?: Uint8Array;
}

export interface Assigned {
  readonly partitions: readonly Partition[];
  readonly data: Uint8Array;
}

export interface Commit extends Partition {
  readonly offset: number;
  readonly metadata: string;
}

export interface Session {
  /** Of these topics, or of all where none are named. Refused where one of those named must not be seen. */
  view(topics: readonly string[] | undefined): Promise<ClusterView>;
  /** A name under which a broker knows what it has stored already. */
  producer(): Promise<Producer>;
  /**
   * Stores records in one partition, acknowledged by all in-sync replicas; gives the offset of the first. With `as` the same records under
   * the same number are stored once.
   */
  produce(node: number, to: Partition, records: readonly NewRecord[], as?: Numbered): Promise<number>;
  fetch(
    node: number,
    asks: readonly FetchAsk[],
    bounds: { readonly waitMs: number; readonly maxBytes: number },
  ): Promise<readonly Fetched[]>;
  /** `all`: also of what belongs to transactions that are not ended, which cannot be read yet. */
  offsets(node: number, asks: readonly OffsetAsk[], which?: "readable" | "all"): Promise<readonly OffsetFound[]>;
  /** The broker that keeps a group. */
  coordinator(group: string): Promise<number>;
  /** Waits until all members have joined. */
  join(node: number, ask: JoinAsk): Promise<Joined>;
  /** What is ours, and what whoever leads has to say to all; it says what is whose. */
  sync(node: number, member: Member, protocol: string, shares: readonly Share[]): Promise<Assigned>;
  heartbeat(node: number, member: Member): Promise<void>;
  leave(node: number, member: Member): Promise<void>;
  commit(node: number, member: Member, commits: readonly Commit[]): Promise<void>;
  /**
   * All that a group has committed. Of partitions that are named it is what stands for good: refused with `UNSTABLE_OFFSET_COMMIT` while
   * a transaction that would change it is not ended, by a client that has transactions.
   */
  committed(node: number, group: string, of?: readonly Partition[]): Promise<readonly Commit[]>;
  /** `Empty`, `Stable`, … */
  groupState(node: number, group: string): Promise<string>;
  deleteGroup(node: number, group: string): Promise<void>;
  createTopics(topics: readonly NewTopic[]): Promise<void>;
  deleteTopics(topics: readonly string[]): Promise<void>;
  /** Removes records before these offsets. */
  truncate(node: number, upTo: readonly (Partition & { readonly offset: number })[]): Promise<void>;
  close(): Promise<void>;
  /** Undefined for a client that cannot fence off dead members by them. */
  readonly transactions?: Transactions;
}

/** Each under one transactional id, whose requests go to the broker that keeps it; records are stored by `Session.produce`. */
export interface Transactions {
  /** The broker that keeps a transactional id. */
  coordinator(id: string): Promise<number>;
  /** A new name under an id. Whatever was under way under an earlier one is given up, and is after `timeoutMs` in any case. */
  begin(node: number, id: string, timeoutMs: number): Promise<Producer>;
  /** From now on they belong to it. */
  addPartitions(node: number, of: Transactional, partitions: readonly Partition[]): Promise<void>;
  addGroup(node: number, of: Transactional, group: string): Promise<void>;
  /** At the broker that keeps the group. Refused where the member is none any more. */
  commit(node: number, of: Transactional, member: Member, commits: readonly Commit[]): Promise<void>;
  end(node: number, of: Transactional, how: "commit" | "abort"): Promise<void>;
}

/**
 * Why a request failed. `refused`: a broker has answered with an error; `unreachable`: nothing was sent; `lost`: it was sent, and no
 * answer came.
 */
export class DriverError extends Error {
  override readonly name: string = "DriverError";
  readonly kind: "refused" | "unreachable" | "lost";
  /** The name that the protocol has for the error, such as `NOT_LEADER_OR_FOLLOWER`, or what the system or client calls it. */
  readonly reason: string;

  constructor(kind: DriverError["kind"], reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.reason = reason;
  }
}
