import type { Depth, Inbox } from "@waybill/core";
import { keyOf } from "./assignor.ts";
import { patiently } from "./cluster.ts";
import type { Partition } from "./driver.ts";
import type { Letters } from "./letters.ts";
import { groupId, laneTopic } from "./names.ts";
import { Progress, progressFrom } from "./progress.ts";
import type { KafkaReceiver } from "./receiver.ts";
import type { Shared } from "./shared.ts";

interface Place extends Partition {
  readonly progress: Progress;
  readonly inHand: number;
}

/** How much of an inbox is where: what was stored and is not finished, as far as its members have written it down (LIF-4). */
export async function depthOf(
  inbox: Inbox,
  {
    shared,
    letters,
    receivers,
  }: { readonly shared: Shared; readonly letters: Letters; readonly receivers: readonly KafkaReceiver[] },
): Promise<Depth> {
  const { topology, cluster, context } = shared;
  const entry = await topology.entryOf(inbox);
  const lanes = laneTopic(context.namespace, inbox);
  const topics = [...topology.feedsOf(inbox).map(({ topic }) => topic), lanes];
  const partitions: Partition[] = [];
  for (const topic of topics)
    for (const partition of ((await cluster.partitionsOf(topic)) ?? []).keys()) partitions.push({ topic, partition });
  const places = await placesOf(inbox, partitions, { shared, receivers, entry });
  const ends = new Map((await topology.offsetsOf(partitions, -1)).map((one) => [keyOf(one), one.offset]));
  const now = context.clock.now();
  let [ready, delayed, inFlight] = [0, 0, 0];
  const behind: Place[] = [];
  for (const place of places) {
    const { progress, topic, partition } = place;
    const left = Math.max((ends.get(keyOf(place)) ?? 0) - progress.base - progress.above, 0);
    const waiting = [...progress.retries.values()].filter(({ dueAt }) => dueAt > now).length;
    const isTier = topic === lanes && !inbox.ordered && partition > 0;
    if (isTier) delayed += Math.max(left - place.inHand, 0);
    else {
      delayed += waiting;
      ready += Math.max(left - waiting - place.inHand, 0);
      if (left > 0 && topic !== lanes) behind.push(place);
    }
    inFlight += place.inHand;
  }
  const isMine = receivers.length > 0;
  return {
    ready,
    inFlight: isMine ? inFlight : undefined,
    delayed,
    dead: await letters.count(),
    oldestAt: ready === 0 ? undefined : await oldestOf(behind, shared),
  };
}

/** How far each partition is: by our own members, or by what was committed. */
async function placesOf(
  inbox: Inbox,
  partitions: readonly Partition[],
  {
    shared,
    receivers,
    entry,
  }: {
    readonly shared: Shared;
    readonly receivers: readonly KafkaReceiver[];
    readonly entry: { readonly birth: string; readonly starts: Readonly<Record<string, readonly number[]>> };
  },
): Promise<readonly Place[]> {
  const { cluster, session, topology, context, settings } = shared;
  const own = new Map(receivers.flatMap(({ shards }) => shards).map((shard) => [keyOf(shard), shard]));
  const group = groupId(context.namespace, inbox);
  const bound = { clock: context.clock, deadline: context.clock.now() + settings.requestTimeoutMs };
  const commits = await patiently("to see how far the group is", bound, () =>
    cluster.atCoordinator(group, (node) => session.committed(node, group)),
  );
  const known = new Map(commits.map((commit) => [keyOf(commit), commit]));
  const places: Place[] = [];
  const fresh: Partition[] = [];
  for (const one of partitions) {
    const shard = own.get(keyOf(one));
    const commit = known.get(keyOf(one));
    const start = entry.starts[one.topic]?.[one.partition];
    const progress =
      shard?.progress ??
      (commit && progressFrom(commit.offset, commit.metadata, entry.birth)) ??
      (start === undefined ? undefined : new Progress(start));
    if (progress === undefined) fresh.push(one);
    else places.push({ ...one, progress, inHand: shard?.inHand ?? 0 });
  }
  for (const { topic, partition, offset } of await topology.offsetsOf(fresh, -2))
    places.push({ topic, partition, progress: new Progress(offset), inHand: 0 });
  return places;
}

/** When the oldest of those that are not finished was published. */
async function oldestOf(places: readonly Place[], { cluster, session }: Shared): Promise<number | undefined> {
  const found = places.map(async ({ topic, partition, progress }) => {
    try {
      const node = await cluster.leaderOf(topic, partition);
      const ask = { topic, partition, offset: progress.base, maxBytes: 1 };
      const [fetched] = await session.fetch(node, [ask], { waitMs: 50, maxBytes: 1 });
      return fetched?.records.find(({ offset }) => !progress.isDone(offset))?.timestamp ?? Infinity;
    } catch {
      return Infinity;
    }
  });
  const oldest = Math.min(Infinity, ...(await Promise.all(found)));
  return Number.isFinite(oldest) ? oldest : undefined;
}
