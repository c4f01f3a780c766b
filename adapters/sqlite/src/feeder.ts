import type { Database } from "./database.ts";
import type { Entries } from "./entries.ts";
import type { Leases } from "./leases.ts";
import type { Member } from "./member.ts";
import type { FromWorker } from "./protocol.ts";
import { Turn } from "./turn.ts";
import { packRows, type Row } from "./wire.ts";

/**
 * How much of an ordered inbox with several members one is given. Who settles could take each key up again in the same turn, before
 * others look, so then it gets no more than its part of the keys; what is over that it gets when it looks (SUB-12).
 */
export type Share = "part" | "all";

export interface FeederOptions {
  readonly database: Database;
  readonly leases: Leases;
  readonly entries: Entries;
  readonly members: ReadonlyMap<number, Member>;
  post(message: FromWorker, bodies?: ArrayBuffer): void;
}

/** Gives members what is ready, as far as their windows reach. */
export class Feeder {
  /** Whether a member has lost its lease without having been told: `renew` does that. */
  lapsed = false;
  /** Whether something ready was left to others: who looks next may have it. */
  left = false;
  readonly #options: FeederOptions;

  constructor(options: FeederOptions) {
    this.#options = options;
  }

  /** The members that could be given something now. Only reads. */
  hungry(): readonly Member[] {
    const { members, entries } = this.#options;
    return [...members.values()].filter((member) => member.room > 0 && entries.hasReady(member.box));
  }

  /** Claims what fits for these members, in the caller's transaction; it is delivered when that is done. */
  feed(members: readonly Member[], turn: Turn, share: Share): void {
    const { entries, leases } = this.#options;
    for (const member of members) {
      const { box, token, flow, held, bytes } = member;
      const room = share === "part" ? this.#part(member) : member.room;
      if (room <= 0) continue;
      // Nobody would ever give back what is claimed under a lease that was swept, while this process stood still.
      if (!leases.isOurs(token)) {
        this.lapsed = true;
        continue;
      }
      const fits = entries.fitting(box, room, flow.bytes - bytes, held.size === 0);
      if (fits === 0) continue;
      const claimed = entries.claim(member, fits);
      // Bodies are read when others may write again.
      turn.done.push(() => this.#deliver(member, entries.read(claimed)));
    }
  }

  /** The same in a transaction of its own. What is settled first is on disk before it is delivered (ACK-6). */
  feedNow(share: Share): void {
    const hungry = this.hungry();
    if (hungry.length === 0) return;
    if (share === "all") this.left = false;
    const turn = new Turn();
    const feed = (): void => this.feed(hungry, turn, share);
    if (hungry.some(({ isOnce }) => isOnce)) this.#options.database.write(feed);
    else this.#options.database.writeSoon(feed);
    for (const step of turn.done) step();
  }

  #part({ box, held, room }: Member): number {
    if (!box.ordered) return room;
    const part = this.#options.leases.part(box.id) - held.size;
    if (part < room) this.left = true;
    return Math.min(room, part);
  }

  #deliver(member: Member, rows: readonly Row[]): void {
    const packed = packRows(rows);
    packed.seqs.forEach((seq, index) => member.hold(seq, packed.messages.lengths[index] ?? 0));
    this.#options.post({ kind: "deliver", receiver: member.receiver, rows: packed }, packed.messages.bodies.buffer);
  }
}
