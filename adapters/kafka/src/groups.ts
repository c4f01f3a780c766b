import type { Partition } from "./driver.ts";

/** What is asked of single partitions, topic by topic, as the protocol groups it. */
export function byTopic<T extends Partition, P>(
  items: readonly T[],
  of: (item: T) => P,
): { readonly name: string; readonly partitions: P[] }[] {
  const topics = new Map<string, P[]>();
  for (const item of items) {
    const partitions = topics.get(item.topic);
    if (partitions === undefined) topics.set(item.topic, [of(item)]);
    else partitions.push(of(item));
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions }));
}
