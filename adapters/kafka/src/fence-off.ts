import type { Inbox } from "@waybill/core";
import { patiently } from "./cluster.ts";
import type { Partition, Transactional } from "./driver.ts";
import { deadTopic, groupId, laneTopic, registryTopic } from "./names.ts";
import type { Shared } from "./shared.ts";
import { transactionalId } from "./transactional-id.ts";

/**
 * Gives up what members had begun that did not let go of what they had: readers would wait for it until it is too old.
 *
 * A broker that was killed while it ended a transaction may call it ended when it is back and not have told everyone, for whom it then
 * stays open for ever. An empty one of the same member ends it there: what lies in the group's own topics is committed, how far the group
 * is given up, since what was to be the other way round comes twice then, and would be lost otherwise.
 * @throws WaybillError
 */
export async function fenceOff(inbox: Inbox, members: ReadonlySet<string>, shared: Shared): Promise<void> {
  const { session, settings, context } = shared;
  const { transactions } = session;
  if (transactions === undefined || !settings.transactions || members.size === 0) return;
  const { clock, namespace } = context;
  const group = groupId(namespace, inbox);
  const bounds = { clock, deadline: clock.now() + 2 * settings.requestTimeoutMs };
  const patient = <T>(work: () => Promise<T>): Promise<T> =>
    patiently("to fence off a member that is gone", bounds, work);
  /** A transaction in which nothing happens. */
  const empty = (
    id: string,
    how: "commit" | "abort",
    add: (node: number, of: Transactional) => Promise<void>,
  ): Promise<void> =>
    patient(async () => {
      const node = await transactions.coordinator(id);
      const of = { id, producer: await transactions.begin(node, id, settings.leaseMs) };
      await add(node, of);
      await transactions.end(node, of, how);
    });
  const places = await patient(() => placesOf(inbox, shared));
  for (const member of members) {
    const id = transactionalId(group, member);
    await empty(id, "commit", (node, of) => transactions.addPartitions(node, of, places));
    await empty(id, "abort", (node, of) => transactions.addGroup(node, of, group));
  }
}

/** Where members of a group store what is the group's alone. */
async function placesOf(inbox: Inbox, { cluster, context: { namespace } }: Shared): Promise<readonly Partition[]> {
  const topics = [laneTopic(namespace, inbox), deadTopic(namespace, inbox), registryTopic(namespace)];
  const views = await Promise.all(topics.map((topic) => cluster.partitionsOf(topic)));
  return topics.flatMap((topic, index) => [...(views[index] ?? []).keys()].map((partition) => ({ topic, partition })));
}
