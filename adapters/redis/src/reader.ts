import type { AdapterContext, Cancel, ErrorCode, WaybillError, Room } from "@waybill/core";
import { type Client, longestBlockMs } from "./client.ts";
import { toError } from "./errors.ts";
import { keysOfInbox, readyKey } from "./names.ts";
import { heldFrom, type Read, readFrom } from "./replies.ts";
import { take } from "./scripts/take.ts";
import type { Held } from "./wire.ts";

/** The member a reader reads for. */
interface ReaderMember {
  readonly name: () => string;
  /** Before it resolves nothing is read under the name, which nobody knows yet. */
  readonly ready: () => Promise<void> | undefined;
  readonly room: () => Room;
  /** Nobody else has these now, while the lease of that name lasts. */
  readonly took: (name: string, held: readonly Held[]) => void;
  /** The lease of that name was renewed by what was sent then. */
  readonly renewed: (name: string, sentAt: number) => void;
  /** The server knows no member of that name any more, or not its inbox. */
  readonly refused: (name: string, why: "lost" | "gone") => Promise<void>;
  /** A new connection is there: what the old one's last answer brought may have got lost on the way. */
  readonly connected: (client: Client) => Promise<void>;
  /** Nothing can be read, for a reason that does not pass by itself; told once. */
  readonly failing: (error: WaybillError) => void;
}

export interface ReaderOptions {
  readonly base: string;
  readonly levels: number;
  readonly ordered: boolean;
  readonly leaseMs: number;
  readonly context: AdapterContext;
  readonly member: ReaderMember;
  /** A connection for commands that block. */
  open(): Promise<Client>;
  /** Ends the wait of the connection with this id on the server, if it can be done. */
  unblock(id: number): Promise<unknown>;
}

/** Most that is asked for at once: more buys no speed, and makes long turns of the event loop. */
const most = 200;

/**
 * Reads for one member, on a connection of its own: takes what there is room for, and waits on the server when there is nothing. The
 * wait itself brings a message, so that one of many waiting members wakes for it.
 */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #keys: readonly string[];
  readonly #streams: readonly string[];
  #client: Client | undefined;
  #id = 0;
  #isWaiting = false;
  #isStopped = false;
  /** The most bytes a message has had. */
  #largest = Infinity;
  /** When the next one that is delayed falls due, as far as is known. */
  #dueAt = Infinity;
  #bells: string[] = [];
  /** For which member `take` has last been asked on this connection. */
  #takenFor: string | undefined;
  /** The last time it was asked it had something, or something that did not fit: there may be more. */
  #hasMore = false;
  #wake: (() => void) | undefined;
  #woken = false;
  #failure: ErrorCode | undefined;
  #running: Promise<void> = Promise.resolve();
  answeredAt: number;

  constructor(options: ReaderOptions) {
    const { base, levels, context } = options;
    this.#options = options;
    this.#keys = keysOfInbox(base, levels);
    this.#streams = [
      ...Array.from({ length: levels }, (_, level) => readyKey(base, levels - 1 - level)),
      `${base}/bell`,
    ];
    this.answeredAt = context.clock.now();
  }

  /** Resolves once it is connected. Rejects if that fails. */
  async start(): Promise<void> {
    await this.#connect();
    this.#running = this.#run();
  }

  /** There may be room again, or none any more. */
  nudge(): void {
    this.#woken = true;
    this.#wake?.();
    if (this.#isWaiting && (this.#isStopped || this.#options.member.room().count <= 0)) this.#interrupt();
  }

  /** Resolves when it takes nothing more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.nudge();
    await this.#running;
    await this.#client?.close();
    this.#client = undefined;
  }

  async #connect(): Promise<Client> {
    const client = await this.#options.open();
    try {
      this.#id = Number(await client.command("CLIENT", ["ID"]));
      await this.#options.member.connected(client);
    } catch (error) {
      await client.close();
      throw toError(error, client.node);
    }
    this.#client = client;
    this.#takenFor = undefined;
    this.answeredAt = this.#options.context.clock.now();
    return client;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isStopped) {
      try {
        const client = this.#client ?? (await this.#connect());
        await this.#round(client);
        failures = 0;
        this.#failure = undefined;
      } catch (thrown) {
        failures += 1;
        await this.#client?.close();
        this.#client = undefined;
        await this.#failed(thrown, failures);
      }
    }
  }

  /** Most failures are of the connection, and pass with the next one. */
  async #failed(thrown: unknown, failures: number): Promise<void> {
    const { member, context } = this.#options;
    if (this.#isStopped) return;
    const error = toError(thrown);
    if (error.code === "MISSING") await member.refused(member.name(), "gone").catch(() => undefined);
    else if (!error.transient && error.code !== this.#failure) member.failing(error);
    this.#failure = error.code;
    await this.#sleep(context.backoff(failures));
  }

  /** Takes what there is room for, and waits on the server if there is nothing. */
  async #round(client: Client): Promise<void> {
    await this.#options.member.ready();
    const room = this.#options.member.room();
    if (room.count <= 0) return this.#pauseFull(client);
    const count = Math.min(room.count, most);
    // Only a script can stop at a number of bytes, or look at one priority after the other; without, a message costs half.
    const isSimple = this.#options.levels === 1 && count * this.#largest <= room.bytes;
    if (isSimple) await this.#readAtOnce(client, { ...room, count });
    else await this.#takeFirst(client, { ...room, count });
  }

  /** Whether there may be something that only `take` has: what fell due, what the dead had, or what a bell has told of. */
  #mustTake(name: string): boolean {
    const isDue = this.#dueAt <= this.#options.context.clock.now();
    return isDue || this.#hasMore || this.#bells.length > 0 || this.#takenFor !== name;
  }

  /** Takes nothing, but what falls due meanwhile is made ready for others. */
  async #pauseFull(client: Client): Promise<void> {
    const { member, context } = this.#options;
    const ms = this.#dueAt - context.clock.now();
    if (ms > 0) return this.#pause(ms);
    const taken = await this.#take(client, member.name(), { count: 0, bytes: 0, alone: false }, false);
    if (typeof taken === "string") await member.refused(member.name(), taken);
  }

  /** By one script that takes and one command that waits. */
  async #takeFirst(client: Client, room: Room): Promise<void> {
    const { member, context } = this.#options;
    const name = member.name();
    if (this.#mustTake(name)) {
      const taken = await this.#take(client, name, room, true);
      if (typeof taken === "string") return member.refused(name, taken);
      if (taken.held.length > 0) return this.#took(name, taken.held);
      if (taken.isFull) return this.#pause(taken.untilDue);
    }
    if (member.room().count <= 0) return;
    // What comes may not come alone.
    const came = await this.#wait(client, name, { count: 1, ms: this.#dueAt - context.clock.now() });
    this.#hasMore = came.length > 0;
    this.#heard(name, came);
  }

  /** What is new, by a command that waits for it; where there may be something else too, in one round trip with the script. */
  async #readAtOnce(client: Client, room: Room): Promise<void> {
    const { member, context } = this.#options;
    const name = member.name();
    const ms = Math.min(longestBlockMs, Math.max(this.#dueAt - context.clock.now(), 1));
    const taking = this.#mustTake(name) ? this.#take(client, name, room, false) : undefined;
    const waiting = this.#wait(client, name, { count: room.count, ms });
    waiting.catch(() => undefined);
    const taken = await taking;
    if (typeof taken === "string") {
      const mended = member.refused(name, taken);
      // What the wait still brings came under a lease that is over.
      this.#interrupt();
      await waiting.catch(() => undefined);
      return mended;
    }
    if (taken !== undefined && taken.held.length > 0) this.#took(name, taken.held);
    const untilDue = taken?.untilDue ?? Infinity;
    const cancel = untilDue < ms ? context.clock.after(untilDue, () => this.#interrupt()) : undefined;
    this.#heard(name, await waiting.finally(cancel));
  }

  async #take(client: Client, name: string, room: Room, reads: boolean): Promise<Taken | "lost" | "gone"> {
    const { member, base, levels, ordered, leaseMs, context } = this.#options;
    const { count, bytes, alone } = room;
    const flags = [Number(ordered), count, bytes, Number(alone), leaseMs, Number(reads)];
    const sentAt = context.clock.now();
    const reply = await client.run(take, this.#keys, [base, name, levels, ...flags, ...this.#bells.splice(0)]);
    this.answeredAt = context.clock.now();
    if (!Array.isArray(reply)) return String(reply) === "gone" ? "gone" : "lost";
    member.renewed(name, sentAt);
    const [until = -1, isFull] = reply as readonly number[];
    const [held, untilDue] = [heldFrom(reply), until < 0 ? Infinity : until];
    this.#takenFor = name;
    this.#hasMore = held.length > 0 || isFull === 1;
    this.#dueAt = context.clock.now() + untilDue;
    return { held, untilDue, isFull: isFull === 1 };
  }

  /** Blocks until something comes, falls due, or a bell says that something has changed; gives what came. */
  async #wait(client: Client, name: string, { count, ms }: { count: number; ms: number }): Promise<readonly Read[]> {
    if (this.#isStopped) return [];
    const block = Math.max(1, Math.min(longestBlockMs, ms));
    const streams = [...this.#streams, ...this.#streams.map(() => ">")];
    this.#isWaiting = true;
    try {
      const args = ["GROUP", "g", name, "COUNT", count, "BLOCK", block, "STREAMS", ...streams];
      const reply = await client.command("XREADGROUP", args);
      this.answeredAt = this.#options.context.clock.now();
      return Array.isArray(reply) ? (reply as readonly Read[]) : [];
    } finally {
      this.#isWaiting = false;
    }
  }

  #heard(name: string, streams: readonly Read[]): void {
    const { held, bells } = readFrom(streams);
    this.#bells.push(...bells);
    if (held.length > 0) this.#took(name, held);
  }

  #took(name: string, held: readonly Held[]): void {
    if (this.#largest === Infinity) this.#largest = 0;
    for (const { body } of held) this.#largest = Math.max(this.#largest, body.length);
    this.#options.member.took(name, held);
  }

  #interrupt(): void {
    // Where it cannot be done the wait ends by itself.
    this.#options.unblock(this.#id).catch(() => undefined);
  }

  /** Until it is nudged, if it was not since it last paused. */
  async #pause(ms: number): Promise<void> {
    if (!this.#woken) await this.#sleep(ms);
    this.#woken = false;
  }

  async #sleep(ms: number): Promise<void> {
    let cancel: Cancel | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      cancel = this.#options.context.clock.after(ms, resolve);
    });
    cancel?.();
    this.#wake = undefined;
  }
}

/** What `take` has answered. */
interface Taken {
  readonly held: readonly Held[];
  /** ms. */
  readonly untilDue: number;
  /** There is more, which does not fit. */
  readonly isFull: boolean;
}
