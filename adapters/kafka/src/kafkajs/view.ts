import { type ClusterView, DriverError } from "../driver.ts";
import type { Metadata } from "./answers.ts";
import type { Client } from "./client.ts";
import { isNamed } from "./errors.ts";

/** What there is. @throws DriverError where one of the topics asked for must not be seen */
export function viewFrom(client: Client, { brokers, topicMetadata }: Metadata): ClusterView {
  const isLeaderless = (code: number): boolean => isNamed(client, code, "LEADER_NOT_AVAILABLE");
  const hidden = topicMetadata.find(({ topicErrorCode: code }) => isNamed(client, code, "TOPIC_AUTHORIZATION_FAILED"));
  if (hidden !== undefined)
    throw new DriverError("refused", "TOPIC_AUTHORIZATION_FAILED", `the topic ${hidden.topic} must not be seen`);
  const found = topicMetadata.filter(({ topicErrorCode: code }) => code === 0 || isLeaderless(code));
  return {
    nodes: brokers.map(({ nodeId }) => nodeId),
    topics: new Map(
      found.map(({ topic, partitionMetadata }) => [
        topic,
        partitionMetadata
          .toSorted((one, other) => one.partitionId - other.partitionId)
          .map(({ leader, partitionErrorCode: code }) => ({ leader: isLeaderless(code) ? -1 : leader })),
      ]),
    ),
  };
}
