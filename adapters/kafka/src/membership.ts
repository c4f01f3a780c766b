import { Buffer } from "node:buffer";
import { type AdapterContext, Expiry, WaybillError } from "@waybill/core";
import { type Claimant, sharesOf, type Unit } from "./assignor.ts";
import type { Cluster } from "./cluster.ts";
import type { Assigned, Joined, Member, Partition, Session, Share } from "./driver.ts";
import { coordinatorReasons, isAnswer, toError } from "./errors.ts";
import { every } from "./every.ts";
import { within } from "./within.ts";

export interface MembershipOptions {
  readonly group: string;
  /** Of its own, since to join may take long. */
  readonly session: Session;
  /** For what is answered at once. */
  readonly side: Session;
  readonly cluster: Cluster;
  readonly context: AdapterContext;
  readonly leaseMs: number;
  /** How long the others wait for a member that is alive and has to join again, ms; more than the lease. */
  readonly rebalanceMs: number;
  readonly owner: Owner;
}

/** Who has the partitions. */
interface Owner {
  topics(): readonly string[];
  /** Lists of what is to be shared out, by the newest that is known. */
  units(): Promise<readonly (readonly Unit[])[]>;
  /** What it has, takes up or lets go of. */
  owned(): readonly Partition[];
  /** Whether it has no room for what it has. */
  isFull(): boolean;
  /** What it is to have now, and who is there. Resolves, when it has let go of all else, to whether there was something. */
  assigned(partitions: readonly Partition[], members: ReadonlySet<string>): Promise<boolean>;
  /** All it had is others'. */
  lost(cause: WaybillError): void;
  /** It cannot go on. */
  failed(error: WaybillError): void;
  /** A broker has answered. */
  alive(): void;
}

const protocol = "waybill";
/** How long it is waited whether a group can be joined at all, ms. */
const startMs = 500;
/** Between two attempts to join; whoever waits for longer stands idle for as long when the broker is back, ms. */
const longestPauseMs = 1_000;
const nobody = { id: "", generation: -1 };

/** One member of a consumer group, by the classic protocol. Heartbeats are its own, so nothing that handlers do holds them up. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #expiry: Expiry;
  #member = nobody;
  /** Epoch ms: until then at least nobody was waited for. */
  #steadyAt = 0;
  #isClosed = false;
  #mustJoin = false;
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;
  readonly #first = Promise.withResolvers<void>();

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#expiry = new Expiry(options.context.clock, () => this.#expired());
  }

  /** As whom commits are made; undefined while it is no member. */
  get member(): Member | undefined {
    if (this.#member.id === "" || this.#member.generation < 0) return undefined;
    return { group: this.#options.group, ...this.#member };
  }

  /** Whether it may not be one any more, by its own clock. */
  get isOver(): boolean {
    return this.member !== undefined && this.#expiry.isOver;
  }

  /** Resolves when it is a member, or will be once others have answered; rejects where it cannot be one. */
  async start(): Promise<void> {
    this.#running = this.#run();
    await within(this.#options.context.clock, startMs, this.#first.promise);
  }

  /** Something has changed that is to be shared out anew. */
  rejoin(): void {
    this.#mustJoin = true;
    this.#wake?.();
  }

  /** Leaves the group, so that the others need not wait for it to be silent for long. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wake?.();
    this.#expiry.end();
    const { member } = this;
    this.#member = nobody;
    if (member !== undefined)
      await this.#at((node) => this.#options.session.leave(node, member)).catch(() => undefined);
    await this.#options.session.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { context } = this.#options;
    for (let failures = 0; !this.#isClosed;) {
      try {
        await this.#join();
        this.#first.resolve();
        failures = 0;
        await this.#beat();
      } catch (error) {
        if (this.#isClosed) break;
        if (isAnswer(error, "REBALANCE_IN_PROGRESS")) continue;
        failures += 1;
        this.#failed(error, failures);
        await this.#sleep(Math.min(context.backoff(failures), longestPauseMs));
      }
    }
    this.#first.resolve();
  }

  #failed(thrown: unknown, failures: number): void {
    const { owner } = this.#options;
    if (isAnswer(thrown, "UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "FENCED_INSTANCE_ID")) {
      this.#member = nobody;
      owner.lost(
        new WaybillError("LEASE_LOST", "kafka: the group goes on without this member; it was silent for too long"),
      );
      return;
    }
    // A group that is new, or whose broker is, is looked for in vain for a moment.
    if (isAnswer(thrown, ...coordinatorReasons) && failures < 5) return;
    const error = toError(thrown, `to be a member of ${this.#options.group}`);
    if (!error.transient) this.#first.reject(error);
    owner.failed(error);
  }

  async #join(): Promise<void> {
    const { group, session, context, leaseMs, rebalanceMs, owner } = this.#options;
    this.#mustJoin = false;
    await this.#at(async (node) => {
      const before = this.#member;
      const owned = owner.owned().map((one) => [one.topic, one.partition]);
      const data = Buffer.from(JSON.stringify({ g: before.generation, o: owned, f: Number(owner.isFull()) }));
      const askedAt = context.clock.now();
      const ask = { group, id: before.id, sessionMs: leaseMs, rebalanceMs, protocol, topics: owner.topics(), data };
      const joined = await this.#meanwhile(before, session.join(node, ask));
      const member = { id: joined.id, generation: joined.generation };
      // What it had is others' since, and they have to hear by its name that it is gone.
      if (this.#isClosed || this.#member !== before) return session.leave(node, { group, ...member });
      // From now on it is alive for the broker, though it does not know yet what it is to have.
      this.#member = member;
      this.#steady(askedAt);
      const sentAt = context.clock.now();
      const mine = await this.#meanwhile(member, this.#sync(node, joined));
      if (this.#member !== member) return;
      this.#steady(sentAt);
      owner.alive();
      void this.#assign(mine.partitions, membersFrom(mine.data));
    });
  }

  async #sync(node: number, joined: Joined): Promise<Assigned> {
    const { session, group } = this.#options;
    return session.sync(node, { group, ...joined }, protocol, await this.#shares(joined));
  }

  /**
   * Asks on the side whether it is still a member, while others are waited for. Nobody hears before the end whether the broker knows that
   * it waits, too, and would not forget it after `rebalanceMs`.
   */
  async #meanwhile<T>(member: typeof nobody, work: Promise<T>): Promise<T> {
    const { group, context, side, leaseMs, rebalanceMs } = this.#options;
    const { clock } = context;
    const stop = every(clock, this.#everyMs, async () => {
      if (this.#member !== member || member === nobody) return;
      const sentAt = clock.now();
      await this.#at((node) => side.heartbeat(node, { group, ...member })).catch((error: unknown) => {
        if (!isAnswer(error, "REBALANCE_IN_PROGRESS")) throw error;
      });
      if (this.#member === member) this.#expiry.extend(Math.min(sentAt + leaseMs, this.#steadyAt + rebalanceMs));
    });
    return work.finally(stop);
  }

  /** It was a member at this time, and nobody was waited for. */
  #steady(at: number): void {
    this.#steadyAt = at;
    this.#expiry.extend(at + this.#options.leaseMs);
  }

  get #everyMs(): number {
    return Math.max(Math.min(this.#options.leaseMs / 10, 500), 50);
  }

  async #assign(mine: readonly Partition[], members: ReadonlySet<string>): Promise<void> {
    const { owner } = this.#options;
    try {
      if (await owner.assigned(mine, members)) this.rejoin();
    } catch (error) {
      // What it could not take up is taken up with the next share.
      owner.failed(toError(error, "to take up what was assigned"));
      this.#options.context.clock.after(500, () => this.rejoin());
    }
  }

  async #shares({ members }: Joined): Promise<readonly Share[]> {
    if (members === undefined) return [];
    const shares = sharesOf(await this.#options.owner.units(), members.map(claimantFrom));
    const data = Buffer.from(JSON.stringify(members.map(({ id }) => id)));
    return shares.map((share) => ({ ...share, data }));
  }

  async #beat(): Promise<void> {
    const { session, context, owner } = this.#options;
    while (!this.#isClosed && !this.#mustJoin) {
      await this.#sleep(this.#everyMs);
      const { member } = this;
      if (this.#isClosed || this.#mustJoin || member === undefined) return;
      const sentAt = context.clock.now();
      await this.#at((node) => session.heartbeat(node, member));
      this.#steady(sentAt);
      owner.alive();
    }
  }

  #expired(): void {
    const { member } = this;
    if (member === undefined || this.#isClosed) return;
    // Whoever waits for what it had in hand hears by its name that it is gone.
    this.#member = nobody;
    void this.#at((node) => this.#options.session.leave(node, member)).catch(() => undefined);
    this.#options.owner.lost(
      new WaybillError("LEASE_LOST", "kafka: no broker has answered for as long as the lease is"),
    );
    this.rejoin();
  }

  #at<T>(work: (node: number) => Promise<T>): Promise<T> {
    return this.#options.cluster.atCoordinator(this.#options.group, work);
  }

  async #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const cancel = this.#options.context.clock.after(ms, resolve);
    await promise;
    cancel();
    this.#wake = undefined;
  }
}

function membersFrom(data: Uint8Array): ReadonlySet<string> {
  try {
    const ids: unknown = JSON.parse(Buffer.from(data).toString());
    return new Set(Array.isArray(ids) ? ids.map(String) : []);
  } catch {
    return new Set();
  }
}

/** What a member says of itself; of what others wrote there, nothing. */
function claimantFrom({ id, data }: { readonly id: string; readonly data: Uint8Array }): Claimant {
  try {
    const { g, o, f } = JSON.parse(Buffer.from(data).toString()) as Readonly<Record<"g" | "o" | "f", unknown>>;
    const pairs = Array.isArray(o) ? (o as readonly (readonly [unknown, unknown])[]) : [];
    return {
      id,
      generation: Number(g),
      owned: pairs.map(([topic, partition]) => ({ topic: String(topic), partition: Number(partition) })),
      isFull: f === 1,
    };
  } catch {
    return { id, generation: -1, owned: [], isFull: false };
  }
}
