import type { offsetFetchV8 } from "@platformatic/kafka";
import type { Commit } from "../driver.ts";
import { byTopic } from "../groups.ts";

/** Offsets as they are committed. */
export function written(commits: readonly Commit[]): {
  readonly name: string;
  readonly partitions: {
    partitionIndex: number;
    committedOffset: bigint;
    committedLeaderEpoch: number;
    committedMetadata: string;
  }[];
}[] {
  return byTopic(commits, ({ partition, offset, metadata }) => ({
    partitionIndex: partition,
    committedOffset: BigInt(offset),
    committedLeaderEpoch: -1,
    committedMetadata: metadata,
  }));
}

/** What was committed, without the partitions of which nothing was. */
export function committedIn({ groups }: Awaited<ReturnType<typeof offsetFetchV8.api.async>>): readonly Commit[] {
  return groups.flatMap(({ topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions
        .filter(({ committedOffset }) => committedOffset >= 0n)
        .map(({ partitionIndex, committedOffset, metadata }) => ({
          topic: name,
          partition: partitionIndex,
          offset: Number(committedOffset),
          metadata: metadata ?? "",
        })),
    ),
  );
}
