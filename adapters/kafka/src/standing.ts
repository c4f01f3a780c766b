import { keyOf } from "./assignor.ts";
import { patiently } from "./cluster.ts";
import type { Commit, Partition } from "./driver.ts";
import { isAnswer } from "./errors.ts";
import { Progress, progressFrom } from "./progress.ts";
import type { Born, InboxEntry } from "./registry-entry.ts";
import type { Shared } from "./shared.ts";
import { memberIn, transactionalId } from "./transactional-id.ts";

interface Options {
  readonly shared: Shared;
  readonly group: string;
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
  { shared, group, entry, own }: Options,
): Promise<Standing> {
  const { clock } = shared.context;
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
          await fenceOff(group, new Set([own]), shared);
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
    await fenceOff(group, others, shared);
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

/**
 * Gives up what members had begun that did not let go of what they had: readers would wait for it until it is too old. What a broker that
 * was killed has ended without saying so to the group is given up with it, and handled again: nobody else ever would.
 * @throws WaybillError
 */
export async function fenceOff(group: string, members: ReadonlySet<string>, shared: Shared): Promise<void> {
  const { session, settings, context } = shared;
  const { transactions } = session;
  if (transactions === undefined || !settings.transactions) return;
  const { clock } = context;
  const bounds = { clock, deadline: clock.now() + 2 * settings.requestTimeoutMs };
  for (const member of members) {
    const id = transactionalId(group, member);
    await patiently("to fence off a member that is gone", bounds, async () => {
      const node = await transactions.coordinator(id);
      const of = { id, producer: await transactions.begin(node, id, settings.leaseMs) };
      await transactions.addGroup(node, of, group);
      await transactions.end(node, of, "abort");
    });
  }
}
