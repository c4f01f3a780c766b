import type { Buffer } from "node:buffer";

/* What brokers answer, as kafkajs reads it. */

/** An answer that is an error, or none. */
export interface Code {
  readonly errorCode: number;
}

export type Topics<P> = readonly { readonly topic: string; readonly partitions: readonly P[] }[];
export interface Place extends Code {
  readonly partition: number;
}

interface Broker {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}
export interface Metadata {
  readonly brokers: readonly Broker[];
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number;
    readonly topic: string;
    readonly partitionMetadata: readonly {
      readonly partitionErrorCode: number;
      readonly partitionId: number;
      readonly leader: number;
    }[];
  }[];
}
type Committed = Place & { readonly offset: string; readonly metadata: string | null };
export interface JoinAnswer extends Code {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}
export interface TopicError extends Code {
  readonly topic: string;
  readonly errorMessage?: string | null;
}

export type ProducerAnswer = Code & { readonly producerId: string; readonly producerEpoch: number };
export type AssignmentAnswer = Code & { readonly memberAssignment: Buffer };
export type CoordinatorAnswer = Code & { readonly coordinator: Broker };
export type OffsetsAnswer = { readonly responses: Topics<Place & { readonly offset: string }> };
export type CommittedAnswer = Code & { readonly responses: Topics<Committed> };
export type GroupsAnswer = { readonly groups: readonly (Code & { readonly state: string })[] };
