import type { Inbox } from "@waybill/core";
import type { Client } from "./client.ts";
import { Lease } from "./lease.ts";
import { join, leave, renew, sweep } from "./scripts/members.ts";
import type { Shared } from "./shared.ts";

export interface MembershipOptions {
  readonly inbox: Inbox;
  readonly base: string;
  readonly keys: readonly string[];
  readonly shared: Shared;
  /** The lease is over by our own clock. */
  over(name: string): void;
}

/** What the server knows of one member of an inbox: that it is one, under this name, and for how long. */
export class Membership {
  readonly lease: Lease;
  readonly #options: MembershipOptions;
  #cursor = "-";

  constructor(options: MembershipOptions) {
    const { context, settings } = options.shared;
    this.#options = options;
    this.lease = new Lease(context.clock, settings.leaseMs, () => options.over(this.name));
  }

  get name(): string {
    return this.lease.name;
  }

  /** Becomes a member in the place of who it was before, if it was one; false where there is no such inbox. */
  join(before: string): Promise<boolean> {
    const { base, keys, shared } = this.#options;
    const { name, lease } = this;
    return shared.ask(async (client) => {
      const sentAt = shared.context.clock.now();
      const isMember = (await client.run(join, keys, [base, name, shared.settings.leaseMs, before])) === 1;
      if (isMember) lease.renewed(name, sentAt);
      return isMember;
    });
  }

  /** Keeps the lease, and the inbox if it is ephemeral; says why where that cannot be. */
  async renew(client: Client): Promise<"lost" | "gone" | undefined> {
    const { inbox, base, keys, shared } = this.#options;
    const { name, lease } = this;
    const sentAt = shared.context.clock.now();
    const said = String(await client.run(renew, keys, [base, name, shared.settings.leaseMs]));
    if (said === "lost" || said === "gone") return said;
    lease.renewed(name, sentAt);
    if (inbox.ephemeral) await shared.topology.prolong(client, inbox);
    return undefined;
  }

  /** Looks for dead members of this inbox; says how much of them there is. */
  async sweep(client: Client): Promise<number> {
    const { inbox, base, keys, shared } = this.#options;
    const args = [base, inbox.shape.priorities, shared.settings.leaseMs, this.#cursor];
    const [found, cursor] = (await client.run(sweep, keys, args)) as [number, Buffer];
    this.#cursor = String(cursor);
    return found;
  }

  /** Ends, with the inbox if it is ephemeral, by the deadline (epoch ms). */
  async leave(deadline: number): Promise<void> {
    const { inbox, base, keys, shared } = this.#options;
    await shared.calls.ask(deadline, async (client) => {
      await client.run(leave, keys, [base, this.name]);
      if (inbox.ephemeral) await shared.topology.removeInbox(client, inbox);
    });
  }
}
