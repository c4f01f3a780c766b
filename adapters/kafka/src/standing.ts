import type { Inbox } from "@waybill/core";
import { keyOf } from "./assignor.ts";
import { patiently } from "./cluster.ts";
import type { Commit, Partition } from "./driver.ts";
import { isAnswer } from "./errors.ts";
import { fenceOff } from "./fence-off.ts";
import { groupId } from "./names.ts";
import { Progress, progressFrom } from "./progress.ts";
import type { Born, InboxEntry } from "./registry-entry.ts";
import type { Shared } from "./shared.ts";
import { memberIn } from "./transactional-id.ts";

interface Options {
  readonly shared: Shared;
  readonly inbox: Inbox;
  readonly entry: Born<InboxEntry>;
  /** Which member we are. */
  readonly own: string | undefined;
}

interface Standing {
  /** Undefined where nothing is known: it begins at the beginning. */
  readonly progresses: readonly (Progress | undefined)[];
  /** Whether the group has committed something once, and nothing of it is there any more. */
  readonly isLost: boolean;
}

/** How far a group is in partitions that a member takes up. */
export async function standingIn(
  partitions: readonly Partition[],
  { shared, inbox, entry, own }: Options,
): Promise<Standing> {
  const { clock, namespace } = shared.context;
  const group = groupId(namespace, inbox);
  const deadline = clock.now() + 2 * shared.settings.requestTimeoutMs;
  const asked = <T>(ask: () => Promise<T>): Promise<T> =>
    patiently("to see how far the group is", { clock, deadline }, ask);
  const read = (of?: readonly Partition[]): Promise<readonly Commit[]> =>
    shared.cluster.atCoordinator(group, (node) => shared.session.committed(node, group, of));
  const committed = (): Promise<readonly Commit[]> => asked(() => read());
  // Longer than that we were not ending something of our own.
  const ownIsOver = clock.now() + shared.settings.requestTimeoutMs;
  const settled = (): Promise<readonly Commit[]> =>
    asked(() =>
      read(partitions).catch(async (error: unknown) => {
        if (own !== undefined && isAnswer(error, "UNSTABLE_OFFSET_COMMIT") && clock.now() >= ownIsOver)
          await fenceOff(inbox, new Set([own]), shared);
        throw error;
      }),
    );
  const progressIn = ({ offset, metadata }: Commit): Progress | undefined =>
    progressFrom(offset, metadata, entry.birth);
  if (shared.settings.transactions) {
    const keys = new Set(partitions.map(keyOf));
    const before = (await committed()).filter((one) => keys.has(keyOf(one)));
    const others = new Set(before.flatMap(({ metadata }) => memberIn(metadata) ?? []));
    if (own !== undefined) others.delete(own);
    await fenceOff(inbox, others, shared);
  }
  const commits = await settled();
  const known = new Map(commits.map((commit) => [keyOf(commit), commit]));
  const hasOurs = (all: readonly Commit[]): boolean => all.some((commit) => progressIn(commit) !== undefined);
  const isLost = shared.registry.hasBegun(entry) && !hasOurs(commits) && !hasOurs(await committed());
  const progresses = partitions.map((one) => {
    const commit = known.get(keyOf(one));
    const start = isLost ? undefined : entry.starts[one.topic]?.[one.partition];
    return (commit && progressIn(commit)) ?? (start === undefined ? undefined : new Progress(start));
  });
  return { progresses, isLost };
}
