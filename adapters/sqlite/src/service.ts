import type { Database } from "./database.ts";
import { Entries } from "./entries.ts";
import { Leases } from "./leases.ts";
import { Member } from "./member.ts";
import type { FromWorker, Kind, PlainSettlement, Request, Requests, WorkerData } from "./protocol.ts";
import { Topology } from "./topology.ts";
import { packRows, type Row } from "./wire.ts";

/** What has to happen once a transaction is on disk, and what if it came to nothing. */
export class Turn {
  readonly done: (() => void)[] = [];
  readonly undone: (() => void)[] = [];
}

type Handlers = { readonly [K in Kind]: (ask: Requests[K]["ask"], turn: Turn) => Requests[K]["answer"] };

/** What the worker does for the requests of its transport. Handlers run inside a transaction, unless they only read. */
export class Service {
  readonly members: Map<number, Member> = new Map();
  readonly #database: Database;
  readonly #topology: Topology;
  readonly #leases: Leases;
  readonly #entries: Entries;
  readonly #leaseMs: number;
  readonly #post: (message: FromWorker, bodies?: ArrayBuffer) => void;

  constructor(database: Database, data: WorkerData, post: (message: FromWorker, bodies?: ArrayBuffer) => void) {
    this.#database = database;
    this.#topology = new Topology(database, data.namespace, data.topology === "verify");
    this.#leases = new Leases(database, this.#topology, data.leaseMs);
    this.#entries = new Entries(database);
    this.#leaseMs = data.leaseMs;
    this.#post = post;
  }

  execute(request: Request, turn: Turn): unknown {
    const handle = this.#handlers[request.kind] as (ask: unknown, turn: Turn) => unknown;
    return handle(request.ask, turn);
  }

  /** The members that could be given something now. Only reads. */
  hungry(): readonly Member[] {
    return [...this.members.values()].filter((member) => this.#room(member) > 0 && this.#entries.hasReady(member.box));
  }

  /**
   * Claims what fits for every hungry member; it is delivered afterwards. One whose lease was swept gets nothing until it has
   * another: nobody would give back what it claimed under the old one (ACK-2).
   */
  feed(members: readonly Member[], turn: Turn): void {
    for (const member of members) {
      if (!this.#leases.isOurs(member.token)) continue;
      const limit = this.#room(member);
      const fits =
        limit === 0
          ? 0
          : this.#entries.fitting(member.box, limit, member.flow.bytes - member.bytes, member.held.size === 0);
      if (fits === 0) continue;
      const claimed = this.#entries.claim(member.box, member.token, fits);
      // Bodies are read when others may write again.
      turn.done.push(() => this.#deliver(member, this.#entries.read(claimed)));
    }
  }

  /** Makes due entries ready; gives when the next one is. Runs its own transaction, and only if there is something to do. */
  promote(now: number): number {
    let nextAt = Infinity;
    for (const { box } of this.members.values()) {
      const dueAt = this.#entries.nextDue(box);
      nextAt = Math.min(
        nextAt,
        dueAt > now ? dueAt : this.#database.writeSoon(() => this.#entries.promote(box, now)).nextAt,
      );
    }
    return nextAt;
  }

  /** Renews the leases of all members; who has lost his is told, and gets another. */
  renew(now: number): void {
    if (this.members.size === 0) return;
    const turn = new Turn();
    this.#database.writeSoon(() => {
      for (const member of this.members.values()) {
        this.#leases.keep(member.box.id, now);
        if (this.#leases.renew(member.token, now)) continue;
        const token = this.#leases.take(member.box.id, now);
        turn.done.push(() => this.#lose(member, token));
      }
    });
    for (const step of turn.done) step();
  }

  /** Cleans up after dead members, of any process. */
  sweep(now: number): void {
    if (!this.#leases.isDue(now)) return;
    this.renew(now);
    const count = this.#database.writeSoon(() => this.#leases.sweep(now));
    if (count > 0) this.#post({ kind: "swept", count });
  }

  readonly #handlers: Handlers = {
    declare: (places) => {
      for (const place of places) this.#topology.declare(place, Date.now() + this.#leaseMs);
      return undefined;
    },
    remove: (place) => {
      this.#topology.remove(place);
      return undefined;
    },
    send: ({ to, messages }) => {
      this.#entries.store(this.#topology.route(to), messages, Date.now());
      return undefined;
    },
    receive: ({ receiver, inbox, flow }, turn) => {
      const box = this.#topology.box(inbox);
      const token = this.#leases.take(box.id, Date.now());
      turn.done.push(() => this.members.set(receiver, new Member({ receiver, inbox, box, token, flow })));
      return undefined;
    },
    settle: ({ receiver, acks, others, effects }, turn) => {
      const member = this.members.get(receiver);
      if (member === undefined) return [...acks, ...others.map(({ seq }) => seq)];
      const lost = [...this.#entries.ack(member.box, member.token, acks)];
      for (const settlement of others) {
        if (!this.#settle(member, settlement)) lost.push(settlement.seq);
        else if (settlement.outcome === "ack") {
          for (const index of settlement.sends) {
            const effect = effects[index];
            if (effect !== undefined) this.#entries.store(this.#topology.route(effect.to), effect.messages, Date.now());
          }
        }
      }
      // At once, so that the room is filled in this very transaction.
      for (const seq of [...acks, ...others.map((settlement) => settlement.seq)]) {
        const bytes = member.letGo(seq);
        if (bytes !== undefined) turn.undone.push(() => member.hold(seq, bytes));
      }
      return lost;
    },
    resize: ({ receiver, flow }) => {
      const member = this.members.get(receiver);
      if (member !== undefined) member.flow = flow;
      return undefined;
    },
    stop: ({ receiver }) => {
      const member = this.members.get(receiver);
      if (member !== undefined) member.stopped = true;
      return undefined;
    },
    leave: ({ receiver }, turn) => {
      const member = this.members.get(receiver);
      if (member === undefined) return undefined;
      for (const seq of member.held.keys()) this.#entries.release(member.token, seq);
      this.#leases.drop(member.token);
      if (member.inbox.ephemeral) this.#topology.removeBox(member.box.id);
      turn.done.push(() => this.members.delete(receiver));
      return undefined;
    },
    depth: (inbox) => this.#entries.depth(this.#topology.box(inbox), inbox.shape.priorities, Date.now()),
    letters: ({ inbox, after: from, upTo }) => {
      const box = this.#topology.box(inbox);
      const last = upTo ?? this.#entries.lastDead(box);
      return { rows: packRows(this.#entries.letters(box, from, last)), upTo: last };
    },
    judge: ({ inbox, verdicts }) => {
      this.#entries.judge(this.#topology.box(inbox), verdicts);
      return undefined;
    },
    close: (_ask, turn) => {
      for (const receiver of this.members.keys()) this.#handlers.leave({ receiver }, turn);
      return undefined;
    },
  };

  #settle(member: Member, settlement: PlainSettlement): boolean {
    const { box, token } = member;
    const { seq } = settlement;
    switch (settlement.outcome) {
      case "ack":
        return this.#entries.ack(box, token, [seq]).length === 0;
      case "release":
        return this.#entries.release(token, seq);
      case "retry": {
        const ours = this.#entries.retry(token, seq, Date.now() + settlement.delayMs, settlement.failed);
        if (ours) this.#entries.note(seq, settlement.note);
        return ours;
      }
      case "dead": {
        const ours = this.#entries.bury(box, token, seq);
        if (ours) this.#entries.note(seq, settlement.note);
        return ours;
      }
    }
  }

  #room({ stopped, flow, held, bytes }: Member): number {
    if (stopped || (bytes >= flow.bytes && held.size > 0)) return 0;
    return Math.max(0, flow.window - held.size);
  }

  #deliver(member: Member, rows: readonly Row[]): void {
    const packed = packRows(rows);
    packed.seqs.forEach((seq, index) => member.hold(seq, packed.messages.lengths[index] ?? 0));
    this.#post({ kind: "deliver", receiver: member.receiver, rows: packed }, packed.messages.bodies.buffer);
  }

  #lose(member: Member, token: number): void {
    member.token = token;
    const seqs = member.letAllGo();
    if (seqs.length > 0) this.#post({ kind: "lost", receiver: member.receiver, seqs });
  }
}
