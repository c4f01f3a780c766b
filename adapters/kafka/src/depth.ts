import type { Depth, Inbox } from "@waybill/core";
import { keyOf } from "./assignor.ts";
import { patiently } from "./cluster.ts";
import type { Partition } from "./driver.ts";
import type { Letters } from "./letters.ts";
import { groupId, laneTopic } from "./names.ts";
import { Progress, progressFrom } from "./progress.ts";
import type { KafkaReceiver } from "./receiver.ts";
import type { Shared } from "./shared.ts";
import { messageOf } from "./wire.ts";

interface Place extends Partition {
  readonly progress: Progress;
  /** How many were finished before it was looked where the partitions end: what moves meanwhile is seen in one place at least. */
  readonly finished: number;
  /** In the hands of members, as far as it was written down. */
  readonly inHand: number;
  readonly isOurs: boolean;
}

const maxBytes = 2 ** 20;
const mostLooks = 20;

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
  // So that others, who only see what is written down, see the same.
  await Promise.all(receivers.map((receiver) => receiver.flush()));
  const places = await placesOf(inbox, partitions, { shared, receivers, entry });
  const ends = new Map((await topology.offsetsOf(partitions, -1, "all")).map((one) => [keyOf(one), one.offset]));
  const now = context.clock.now();
  let [ready, delayed, inFlight] = [0, 0, 0];
  const behind: Place[] = [];
  for (const place of places) {
    const { progress, topic, partition } = place;
    const left = await leftIn(place, ends.get(keyOf(place)) ?? 0, shared);
    const waiting = [...progress.retries.values()].filter(({ dueAt }) => dueAt > now).length;
    const isTier = topic === lanes && !inbox.ordered && partition > 0;
    const due = isTier ? await dueIn(place, left, { shared, now }) : Math.max(left - waiting, 0);
    delayed += left - due;
    const here = Math.min(place.inHand, due);
    inFlight += here;
    ready += due - here;
    if (due > here && topic !== lanes) behind.push(place);
  }
  return {
    ready,
    // Of others it is heard only with their next commit.
    inFlight: places.every(({ isOurs }) => isOurs) ? inFlight : undefined,
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
      shard?.progress.with([]) ??
      (commit && progressFrom(commit.offset, commit.metadata, entry.birth)) ??
      (start === undefined ? undefined : new Progress(start));
    if (progress === undefined) fresh.push(one);
    else
      places.push({
        ...one,
        progress,
        finished: progress.base + progress.above,
        inHand: (shard?.inHand ?? progress.inHand) + progress.lent.size,
        isOurs: shard !== undefined,
      });
  }
  for (const { topic, partition, offset } of await topology.offsetsOf(fresh, -2))
    places.push({ topic, partition, progress: new Progress(offset), finished: offset, inHand: 0, isOurs: false });
  return places;
}

/** How many of a partition are not finished; of the markers that transactions leave, which are none, as many as a few looks find are left out. */
async function leftIn(place: Place, end: number, shared: Shared): Promise<number> {
  const { topic, partition, progress, finished } = place;
  const left = Math.max(end - finished, 0);
  if (left === 0 || !shared.settings.transactions) return left;
  let [at, found] = [progress.base, 0];
  try {
    const node = await shared.cluster.leaderOf(topic, partition);
    for (let look = 0; look < mostLooks && at < end; look += 1) {
      const [fetched] = await shared.session.fetch(node, [{ topic, partition, offset: at, maxBytes }], {
        waitMs: 50,
        maxBytes,
      });
      found += (fetched?.records ?? []).filter(({ offset }) => offset < end && !progress.isDone(offset)).length;
      if (fetched === undefined || fetched.next === at) break;
      at = fetched.next;
    }
  } catch {
    return left;
  }
  return Math.min(left, found + Math.max(end - at, 0));
}

/** How many of those that were set aside are due by now, though nobody has let them go. */
async function dueIn(
  place: Place,
  left: number,
  { shared, now }: { readonly shared: Shared; readonly now: number },
): Promise<number> {
  if (left === 0) return 0;
  const { topic, partition, progress } = place;
  try {
    const node = await shared.cluster.leaderOf(topic, partition);
    const ask = { topic, partition, offset: progress.base, maxBytes };
    const [fetched] = await shared.session.fetch(node, [ask], { waitMs: 50, maxBytes });
    const records = (fetched?.records ?? []).filter(({ offset }) => !progress.isDone(offset));
    const at = { topic, partition, source: "" };
    return Math.min(records.filter((record) => (messageOf(record, at).deliverAt ?? 0) <= now).length, left);
  } catch {
    return 0;
  }
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
