import type { Random } from "@waybill/core";
import type { Mode } from "./mode.ts";
import { type Sign, type Trigger, triggerOf } from "./trigger.ts";

/** One connection through the proxy. */
export interface ProxiedConnection {
  /** Ends it with RST, at both ends. */
  cut(): void;
  /** From now on what goes in that direction is swallowed, on this connection alone and for good; `then` hears of it each time. */
  swallow(direction: "toServer" | "toClient", then?: () => void): void;
  /** Resolves when it is closed at both ends. */
  readonly closed: Promise<void>;
}

/**
 * One direction of all connections, also of later ones. Whatever happens to them, what is read at the end is what was sent, or the
 * beginning of it: a connection that has lost bytes is cut before it could pass later ones.
 */
export interface Direction {
  /** How many bytes have passed. */
  readonly bytes: number;
  /** How many bytes have been swallowed. */
  readonly swallowed: number;
  /** Bytes pass as they come: how it begins, and how every fault ends. */
  pass(): void;
  /** Bytes come `ms` later, and up to `jitter` more, in order and as many as before. */
  delay(ms: number, jitter?: number): void;
  /** Each connection gets so many bytes a second. */
  throttle(bytesPerSecond: number): void;
  /** Each byte comes alone, in a turn of the event loop of its own. */
  slice(): void;
  /** Bytes and ends are swallowed, and the connections stay open. With the next mode those that lost something are cut. */
  blackHole(): void;
  /**
   * Calls `act` once, when the sign has passed and before anything after it does. The sign's bytes are counted over all connections,
   * its text is found on any one. Returns what takes the trigger back.
   */
  when(sign: Sign, act: (connection: ProxiedConnection) => void): () => void;
  /** What comes is changed to what the function makes of it, chunk by chunk as they arrive; undefined ends that. */
  rewrite(change: ((chunk: Buffer) => Buffer) | undefined): void;
}

type Act = (connection: ProxiedConnection) => void;

/** Who is told that the mode is another. */
interface Follower {
  modeChanged(): void;
}

/** What goes next, and what is to be done before and after it has gone. */
interface Taken {
  readonly bytes: Buffer;
  readonly before: readonly Act[];
  readonly after: readonly Act[];
}

interface Armed {
  readonly trigger: Trigger;
  readonly act: Act;
  readonly moment: "before" | "after";
}

/** What all connections have in common in one direction. */
export class Course implements Direction {
  swallowed = 0;
  readonly followers: Set<Follower> = new Set();
  readonly #random: Random;
  readonly #armed = new Set<Armed>();
  #mode: Mode = { kind: "pass" };
  #change: ((chunk: Buffer) => Buffer) | undefined;
  #bytes = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get mode(): Mode {
    return this.#mode;
  }

  pass(): void {
    this.#become({ kind: "pass" });
  }

  delay(ms: number, jitter = 0): void {
    this.#become({ kind: "delay", ms: number(ms, "ms", 0), jitter: number(jitter, "jitter", 0) });
  }

  throttle(bytesPerSecond: number): void {
    this.#become({ kind: "throttle", bytesPerSecond: number(bytesPerSecond, "bytesPerSecond", 1) });
  }

  slice(): void {
    this.#become({ kind: "slice" });
  }

  blackHole(): void {
    this.#become({ kind: "black hole" });
  }

  rewrite(change: ((chunk: Buffer) => Buffer) | undefined): void {
    this.#change = change;
  }

  when(sign: Sign, act: Act): () => void {
    return this.#arm({ trigger: triggerOf(sign), act, moment: "after" });
  }

  /** As `when`, but `act` is called before the sign's last byte goes. */
  before(sign: Sign, act: Act): () => void {
    return this.#arm({ trigger: triggerOf(sign), act, moment: "before" });
  }

  /** What a chunk that has come is turned into. */
  changed(chunk: Buffer): Buffer {
    return this.#change?.(chunk) ?? chunk;
  }

  /** How many ms what comes now has to wait. */
  latency(): number {
    return this.#mode.kind === "delay" ? this.#mode.ms + this.#mode.jitter * this.#random() : 0;
  }

  /** As many of these bytes as may go before something has to be done. */
  take(bytes: Buffer, connection: object): Taken {
    const ends = [...this.#armed].map((armed) => ({ armed, end: armed.trigger.find(bytes, connection) ?? Infinity }));
    const end = Math.min(bytes.length, ...ends.map((found) => found.end));
    const due = ends.filter((found) => found.end === end).map(({ armed }) => armed);
    const piece = bytes.subarray(0, end);
    for (const armed of due) this.#armed.delete(armed);
    for (const { trigger } of this.#armed) trigger.pass(piece, connection);
    this.#bytes += piece.length;
    const acts = (moment: Armed["moment"]): readonly Act[] =>
      due.filter((armed) => armed.moment === moment).map(({ act }) => act);
    return { bytes: piece, before: acts("before"), after: acts("after") };
  }

  #arm(armed: Armed): () => void {
    this.#armed.add(armed);
    return () => void this.#armed.delete(armed);
  }

  #become(mode: Mode): void {
    this.#mode = mode;
    for (const follower of this.followers) follower.modeChanged();
  }
}

function number(value: number, name: string, least: number): number {
  if (value >= least && value < Infinity) return value;
  throw new TypeError(`${name} is ${value}; give a number of at least ${least}`);
}
