import {
  Alarm,
  type Clock,
  type Depth,
  type Headers,
  type Inbox,
  KeyedGate,
  type Settlement,
  type WireMessage,
} from "@waybill/core";
import type { Entry } from "./entry.ts";
import { Heap } from "./heap.ts";
import { Ready } from "./ready.ts";
import type { MemoryReceiver } from "./receiver.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * One inbox and its lanes: ready, in flight (with its receiver), delayed, dead. In an ordered inbox a key's messages pass a gate
 * one by one; whoever is through, ready, in flight or waiting for a retry, holds up the rest of its key (ORD-1, ORD-3).
 */
export class Box {
  readonly inbox: Inbox;
  readonly receivers: Set<MemoryReceiver> = new Set();
  readonly dead: Set<Entry> = new Set();
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #alarm: Alarm;
  #ready = new Ready();
  #delayed = new Heap(isDueBefore);
  #gate = new KeyedGate<Entry>();
  #inFlight = 0;
  #seq = 0;
  #removed = false;

  constructor(inbox: Inbox, clock: Clock, scheduler: Scheduler) {
    this.inbox = inbox;
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#alarm = new Alarm(clock, () => this.#wake());
  }

  /** From now on it is dealt to. With nobody there no timer is needed: what falls due is found by who comes next (LIF-2). */
  join(receiver: MemoryReceiver): void {
    this.receivers.add(receiver);
    this.#wake();
  }

  leave(receiver: MemoryReceiver): void {
    this.receivers.delete(receiver);
    if (this.receivers.size === 0) this.#alarm.clear();
  }

  /** Takes in a new message, which from now on is its own. */
  store(message: WireMessage, now: number): void {
    this.#enter({
      message,
      body: message.body,
      headers: message.headers,
      seq: this.#seq++,
      storedAt: now,
      failures: 0,
      deliveries: 0,
      dueAt: message.deliverAt ?? 0,
    });
  }

  /** The next message that may be delivered now, if it has at most `bytes`; its holder has it until `settle` or `giveBack`. */
  claim(bytes: number): Entry | undefined {
    const entry = this.#ready.peek();
    if (entry === undefined || entry.body.length > bytes) return undefined;
    this.#ready.pop();
    this.#inFlight += 1;
    entry.deliveries += 1;
    return entry;
  }

  /** Does what was decided, in one step. The caller has checked that the lease is still the settler's. */
  settle(entry: Entry, settlement: Settlement): void {
    this.#inFlight -= 1;
    if (settlement.outcome === "ack") this.#leave(entry);
    else if (settlement.outcome === "dead") {
      keep(entry, settlement.note);
      this.dead.add(entry);
      this.#leave(entry);
    } else if (settlement.outcome === "retry") {
      keep(entry, settlement.note);
      if (settlement.failed) entry.failures += 1;
      else entry.deliveries -= 1;
      entry.dueAt = this.#clock.now() + settlement.delayMs;
      this.#place(entry);
    } else {
      entry.deliveries -= 1;
      this.#place(entry);
    }
  }

  /** Its holder is gone: others may have it, and it stays counted as a delivery. */
  expire(entry: Entry): void {
    this.#inFlight -= 1;
    this.#place(entry);
  }

  /** Delivered once and for all: nothing brings it back, and its key waits for `passOn` (ACK-6). */
  settleFirst(): void {
    this.#inFlight -= 1;
  }

  /** Its holder is done with what was settled first: the next of its key may go. */
  passOn(entry: Entry): void {
    this.#leave(entry);
  }

  discard(entry: Entry): void {
    this.dead.delete(entry);
  }

  /** Gives a dead letter back to this inbox, at its end, attempts fresh (DLQ-6). */
  redrive(entry: Entry): void {
    if (!this.dead.delete(entry)) return;
    this.#enter({ ...entry, seq: this.#seq++, failures: 0, deliveries: 0, dueAt: 0 });
  }

  /** Drops what is ready, delayed or behind its key. What is in flight or dead stays (SUB-8). */
  clear(): void {
    this.#alarm.clear();
    this.#ready = new Ready();
    this.#delayed = new Heap(isDueBefore);
    this.#gate = new KeyedGate();
    for (const { held } of this.receivers) for (const entry of held) this.#pass(entry);
  }

  get depth(): Depth {
    this.#wake();
    let oldestAt: number | undefined;
    for (const { storedAt } of this.#ready.values()) oldestAt = Math.min(oldestAt ?? storedAt, storedAt);
    return {
      ready: this.#ready.size + this.#gate.waiting,
      inFlight: this.#inFlight,
      delayed: this.#delayed.size,
      dead: this.dead.size,
      oldestAt,
    };
  }

  get hasReady(): boolean {
    return this.#ready.size > 0;
  }

  get removed(): boolean {
    return this.#removed;
  }

  /** Its receivers get nothing more and their settlements are lost. */
  remove(): void {
    this.#removed = true;
    this.#alarm.clear();
    for (const receiver of this.receivers) receiver.evict();
  }

  #enter(entry: Entry): void {
    if (this.#pass(entry)) this.#place(entry);
  }

  /** Whether it may go; else it waits behind its key. */
  #pass(entry: Entry): boolean {
    const { key } = entry.message;
    return !this.inbox.ordered || key === undefined || this.#gate.enter(key, entry);
  }

  #leave(entry: Entry): void {
    const { key } = entry.message;
    if (!this.inbox.ordered || key === undefined) return;
    const next = this.#gate.leave(key);
    if (next !== undefined) this.#place(next);
  }

  #place(entry: Entry): void {
    if (entry.dueAt > 0 && entry.dueAt > this.#clock.now()) {
      this.#delayed.push(entry);
      if (this.receivers.size > 0) this.#alarm.set(entry.dueAt);
      return;
    }
    this.#ready.push(entry);
    this.#scheduler.schedule(this);
  }

  #wake(): void {
    const now = this.#clock.now();
    for (let entry = this.#delayed.peek(); entry !== undefined; entry = this.#delayed.peek()) {
      if (entry.dueAt > now) {
        if (this.receivers.size > 0) this.#alarm.set(entry.dueAt);
        return;
      }
      this.#delayed.pop();
      this.#ready.push(entry);
      this.#scheduler.schedule(this);
    }
  }
}

function isDueBefore(one: Entry, other: Entry): boolean {
  return one.dueAt < other.dueAt || (one.dueAt === other.dueAt && one.seq < other.seq);
}

/** It stays for a while: with its note, and with memory of its own. */
function keep(entry: Entry, note: Headers): void {
  entry.headers = Object.freeze({ ...entry.headers, ...note });
  entry.body = Buffer.from(entry.body);
}
