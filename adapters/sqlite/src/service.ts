import type { Address, Flow, Inbox, Place } from "@waybill/core";
import type { Database } from "./database.ts";
import { depthOf } from "./depth.ts";
import { Entries } from "./entries.ts";
import { Feeder } from "./feeder.ts";
import { Lanes } from "./lanes.ts";
import { Leases } from "./leases.ts";
import { Letters } from "./letters.ts";
import { Log } from "./log.ts";
import { Member } from "./member.ts";
import type { FromWorker, Kind, PlainSettlement, Request, Requests, WorkerData } from "./protocol.ts";
import { Remains } from "./remains.ts";
import { Topology } from "./topology.ts";
import { Turn } from "./turn.ts";
import { type Packed, packRows } from "./wire.ts";

type Handlers = { readonly [K in Kind]: (ask: Requests[K]["ask"], turn: Turn) => Requests[K]["answer"] };

type Post = (message: FromWorker, bodies?: ArrayBuffer) => void;

/** What the worker does for the requests of its transport. Handlers run inside a transaction, unless they only read. */
export class Service {
  readonly members: Map<number, Member> = new Map();
  readonly feeder: Feeder;
  readonly #database: Database;
  readonly #topology: Topology;
  readonly #leases: Leases;
  readonly #entries: Entries;
  readonly #letters: Letters;
  readonly #log: Log;
  readonly #remains: Remains;
  readonly #leaseMs: number;
  readonly #post: Post;
  /** The topology in which every member's inbox was last seen to be there. */
  #attended = -1;

  constructor(database: Database, data: WorkerData, post: Post) {
    const lanes = new Lanes(database);
    this.#database = database;
    this.#topology = new Topology(database, data.namespace, data.topology === "verify");
    this.#entries = new Entries(database, lanes);
    this.#letters = new Letters(database, lanes);
    this.#log = new Log(database, lanes);
    this.#remains = new Remains(database);
    this.#leases = new Leases(database, this.#topology, this.#entries, data.leaseMs);
    this.#leaseMs = data.leaseMs;
    this.#post = post;
    this.feeder = new Feeder({
      database,
      leases: this.#leases,
      entries: this.#entries,
      members: this.members,
      post,
    });
  }

  execute(request: Request, turn: Turn): unknown {
    const handle = this.#handlers[request.kind] as (ask: unknown, turn: Turn) => unknown;
    return handle(request.ask, turn);
  }

  /** A request came to nothing. Who could not leave in peace leaves anyway, and his lease runs out. */
  failed({ kind, ask }: Request): void {
    if (kind === "leave") this.members.delete((ask as Requests["leave"]["ask"]).receiver);
  }

  /** Makes due entries ready; gives when the next one is. Runs its own transactions, and only if there is something to do. */
  promote(now: number): number {
    let nextAt = Infinity;
    for (const { box } of this.members.values()) {
      if (this.#entries.nextDue(box) <= now) this.#database.writeSoon(() => this.#entries.promote(box, now));
      nextAt = Math.min(nextAt, this.#entries.nextDue(box));
    }
    return nextAt;
  }

  /** Renews the leases of all members; who has lost his is told, and gets another. */
  renew(now: number): void {
    this.feeder.lapsed = false;
    if (this.members.size === 0) return;
    this.#inTurn((turn) => {
      for (const member of this.members.values()) {
        this.#leases.keep(member.box.id, now);
        if (this.#leases.renew(member.token, now) || !this.#topology.exists(member.box)) continue;
        const token = this.#leases.take(member.box.id, member.isOnce, now);
        turn.done.push(() => this.#lose(member, token));
      }
    });
    this.#leased(now);
  }

  /** Ends the members whose inbox was removed; makes an ephemeral one again, which was only taken for dead. */
  attend(now: number): void {
    const version = this.#topology.version();
    if (version === this.#attended) return;
    const evicted = [...this.members.values()].filter(({ box }) => !this.#topology.exists(box));
    for (const member of evicted) {
      if (member.inbox.ephemeral) this.#inTurn((turn) => this.#revive(member, now, turn));
      else this.#evict(member);
    }
    this.#attended = version;
  }

  /**
   * Cleans up after dead members and removed inboxes, of any process, and takes out what was kept long enough; gives when there
   * will be something to do again.
   */
  sweep(now: number): number {
    const nextAt = this.#nextSweepAt(now);
    if (nextAt > now) return nextAt;
    this.renew(now);
    const count = this.#database.writeSoon(() => {
      this.#log.prune(now);
      this.#remains.clear();
      return this.#leases.sweep(now);
    });
    if (count > 0) this.#post({ kind: "swept", count });
    return this.#nextSweepAt(now);
  }

  readonly #handlers: Handlers = {
    declare: (places, turn) => {
      turn.undone.push(() => this.#topology.forget());
      for (const place of places) this.#declare(place, Date.now());
      return undefined;
    },
    remove: (place, turn) => {
      turn.undone.push(() => this.#topology.forget());
      this.#topology.remove(place);
      turn.done.push(() => this.attend(Date.now()));
      return undefined;
    },
    send: ({ to, messages }) => {
      this.#store(to, messages);
      return undefined;
    },
    receive: ({ receiver, inbox, flow, again }, turn) => {
      const now = Date.now();
      turn.undone.push(() => this.#topology.forget());
      const isEphemeral = again && inbox.ephemeral;
      const { box, isNew } = isEphemeral
        ? this.#topology.declareInbox(inbox, now + this.#leaseMs)
        : { box: this.#topology.box(inbox), isNew: false };
      const token = this.#leases.take(box.id, flow.settle === "first", now);
      turn.done.push(() => {
        // Those that were there before hold theirs for less long.
        if (this.members.size === 0) this.#leased(now);
        this.members.set(receiver, new Member({ receiver, inbox, box, token, flow }));
      });
      return isNew;
    },
    settle: ({ receiver, acks, others, effects }, turn) => {
      const member = this.members.get(receiver);
      if (member === undefined) return [...acks, ...others.map(({ seq }) => seq)];
      const lost = [...this.#entries.ack(member, acks, Date.now())];
      for (const settlement of others) {
        if (!this.#settle(member, settlement)) lost.push(settlement.seq);
        else if (settlement.outcome === "ack") {
          for (const index of settlement.sends) this.#storeEffect(effects[index]);
        }
      }
      // At once, so that the room is filled in this very transaction.
      for (const seq of [...acks, ...others.map((settlement) => settlement.seq)]) {
        const bytes = member.letGo(seq);
        if (bytes !== undefined) turn.undone.push(() => member.hold(seq, bytes));
      }
      return lost;
    },
    resize: ({ receiver, flow }) => this.#resize(receiver, flow),
    lapse: (_ask, turn) => {
      const now = Date.now();
      for (const member of this.members.values()) {
        // What was settled first has no lease that could end (ACK-6).
        if (member.isOnce || !this.#topology.exists(member.box)) continue;
        const token = this.#leases.replace(member.token, member.box.id, now);
        turn.done.push(() => this.#lose(member, token));
      }
      turn.done.push(() => this.#leased(now));
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
      for (const seq of member.held.keys()) this.#settle(member, { seq, outcome: "release" });
      this.#leases.drop(member.token);
      if (member.inbox.ephemeral) this.#topology.removeBox(member.box.id);
      turn.undone.push(() => this.#topology.forget());
      turn.done.push(() => this.members.delete(receiver));
      return undefined;
    },
    depth: (inbox) => depthOf(this.#database, this.#topology.box(inbox), Date.now()),
    letters: ({ inbox, after, upTo }) => {
      const box = this.#topology.box(inbox);
      const last = upTo ?? this.#letters.last(box);
      return { rows: packRows(this.#letters.page(box, after, last)), upTo: last };
    },
    judge: ({ inbox, verdicts }) => {
      this.#letters.judge(this.#topology.box(inbox), verdicts);
      return undefined;
    },
    close: (_ask, turn) => {
      for (const receiver of this.members.keys()) this.#handlers.leave({ receiver }, turn);
      return undefined;
    },
  };

  #declare(place: Place, now: number): void {
    if (place.kind === "source") {
      this.#topology.declareSource(place);
      return;
    }
    const { inbox, start } = place;
    const { box, isNew } = this.#topology.declareInbox(inbox, now + this.#leaseMs);
    if (!isNew && !start.reset) return;
    if (!isNew) this.#entries.clear(box);
    if (start.from === "now") return;
    const from = start.from === "beginning" ? 0 : start.from;
    this.#log.fill(box, { sources: this.#topology.feeding(inbox), from }, now);
  }

  #store(to: Address, messages: Packed): void {
    const { boxes, log } = this.#topology.route(to);
    const now = Date.now();
    this.#entries.store(boxes, messages, now);
    if (log !== undefined) this.#log.append(log, messages, now);
    this.#database.checkRoom();
  }

  /** What a handler sent, with its ack. A reply nobody waits for any more is dropped (RPC-1). */
  #storeEffect(effect: { readonly to: Address; readonly messages: Packed } | undefined): void {
    if (effect !== undefined && !this.#topology.isGone(effect.to)) this.#store(effect.to, effect.messages);
  }

  #settle(member: Member, settlement: PlainSettlement): boolean {
    const { seq, outcome } = settlement;
    const now = Date.now();
    // What was settled first does not come back, whatever became of it.
    if (outcome === "ack" || member.isOnce) return this.#entries.ack(member, [seq], now).length === 0;
    if (outcome === "release") return this.#entries.release(member.token, seq);
    const isOurs =
      outcome === "dead"
        ? this.#entries.bury(member, seq, now)
        : this.#entries.retry(member.token, seq, now + settlement.delayMs, settlement.failed);
    if (isOurs) this.#entries.note(seq, settlement.note);
    return isOurs;
  }

  #resize(receiver: number, flow: Flow): undefined {
    const member = this.members.get(receiver);
    if (member !== undefined) member.flow = flow;
  }

  #revive(member: Member, now: number, turn: Turn): void {
    const inbox: Inbox = member.inbox;
    const { box } = this.#topology.declareInbox(inbox, now + this.#leaseMs);
    const token = this.#leases.take(box.id, member.isOnce, now);
    this.#topology.forget();
    turn.done.push(() => {
      member.box = box;
      this.#lose(member, token);
      this.#post({ kind: "missed", receiver: member.receiver });
    });
  }

  #evict(member: Member): void {
    this.members.delete(member.receiver);
    this.#post({ kind: "gone", receiver: member.receiver });
  }

  #lose(member: Member, token: number): void {
    member.token = token;
    const seqs = member.letAllGo();
    if (seqs.length > 0) this.#post({ kind: "lost", receiver: member.receiver, seqs });
  }

  #leased(now: number): void {
    this.#post({ kind: "leased", until: now + this.#leaseMs });
  }

  #nextSweepAt(now: number): number {
    return this.#remains.areThere() ? now : Math.min(this.#leases.nextAt(now), this.#log.nextAt());
  }

  #inTurn(work: (turn: Turn) => void): void {
    const turn = new Turn();
    this.#database.writeSoon(() => work(turn));
    for (const step of turn.done) step();
  }
}
