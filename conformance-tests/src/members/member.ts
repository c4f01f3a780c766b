import type { HistoryEvent } from "../checker/history.ts";
import type { Act, Item, Outline } from "../item.ts";
import type { Handling } from "../recorder.ts";

/** What a member does, as data. */
export interface MemberSpec {
  readonly of: Outline;
  /** Its way to the broker; default the case's. */
  readonly url?: string | undefined;
  /** Of a topic; without one the member listens. */
  readonly group?: string | undefined;
  readonly concurrency?: number | undefined;
  readonly maxAttempts?: number | undefined;
  readonly retryDelayMs?: number | undefined;
  readonly delivery?: "at-most-once" | undefined;
  /** It handles nothing, but schedules items to `of` at these times, their numbers the seconds, or dies of its first one. */
  readonly cron?: string | undefined;
  /** It handles nothing, but publishes to `of` the numbers it is given. */
  readonly load?: Load | undefined;
  /** Its handlings go into a history, as this group's, and nowhere else. */
  readonly chronicle?: string | undefined;
  /** What its handler does with what an item does not say; default `ok`. */
  readonly act?: Act | undefined;
}

/** What a publisher sends. */
export interface Load {
  /** Begins its keys, which it shares with nobody. */
  readonly name: string;
  readonly keys: number;
  /** One in so many fails whenever it is handled. */
  readonly poisonEvery: number;
  /** One in so many takes its time. */
  readonly slowEvery: number;
}

/** Numbers for a publisher. */
export interface Block {
  readonly from: number;
  readonly count: number;
}

/** The end of a handling that succeeded. */
export interface End {
  readonly n: number;
  /** Epoch ms, with fractions. */
  readonly at: number;
}

/** What a member tells. `wants`: another block of numbers. */
export type MemberEvent =
  | { readonly kind: "began"; readonly handling: Handling }
  | { readonly kind: "done"; readonly end: End }
  | { readonly kind: "aborted"; readonly n: number }
  | { readonly kind: "history"; readonly event: HistoryEvent }
  | { readonly kind: "ready"; readonly group: string }
  | { readonly kind: "published"; readonly ref: number; readonly error: string | undefined }
  | { readonly kind: "wants" }
  | { readonly kind: "failed"; readonly error: string };

/** What a member is told. `go`: handlings that wait may succeed. */
export type MemberOrder =
  | { readonly kind: "go" }
  | { readonly kind: "close" }
  | { readonly kind: "block"; readonly block: Block }
  | { readonly kind: "publish"; readonly ref: number; readonly to: Outline; readonly item: Item };

/** Another member of a group, which can be killed. */
export interface Member {
  readonly group: string;
  readonly began: readonly Handling[];
  readonly ends: readonly End[];
  /** The numbers of the messages whose handlers succeeded. */
  readonly done: readonly number[];
  /** The numbers of the messages whose signal has fired. */
  readonly aborted: readonly number[];
  readonly alive: boolean;
  /** Lets the handlings that wait succeed, also later ones. */
  go(): void;
  /** Gives a publisher numbers to publish. */
  give(block: Block): void;
  /** Publishes through the member; resolves once it is confirmed. */
  publish(to: Outline, item: Item): Promise<void>;
  /** Resolves when the member is dead. */
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Ends it in peace. */
  close(): Promise<void>;
  /** Ends it in any way, whatever its state. */
  dispose(): Promise<void>;
}

/** Hears what members tell beside what they remember: histories, and that they want numbers. */
export type Hear = (event: Extract<MemberEvent, { readonly kind: "history" | "wants" }>) => void;
