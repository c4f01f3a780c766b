import type { Shared } from "./shared.ts";
import { groupId } from "./names.ts";

/** Removes ephemeral inboxes whose member was gone at two looks; says whether there were some (SUB-7). */
export class Sweep {
  readonly #shared: Shared;
  #suspects: ReadonlySet<string> = new Set();

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  async run(): Promise<boolean> {
    const { registry, cluster, session, topology, context } = this.#shared;
    if (!(await registry.isThere())) return false;
    await registry.read();
    const suspects = new Set<string>();
    let hasSwept = false;
    for (const entry of registry.inboxes()) {
      if (!entry.inbox.ephemeral) continue;
      const group = groupId(context.namespace, entry.inbox);
      const state = await cluster.atCoordinator(group, (node) => session.groupState(node, group));
      if (state !== "Empty" && state !== "Dead") continue;
      if (this.#suspects.has(entry.birth)) {
        await topology.removeInbox(entry);
        hasSwept = true;
      } else suspects.add(entry.birth);
    }
    this.#suspects = suspects;
    return hasSwept;
  }
}
