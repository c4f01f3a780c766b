import type { Act, Item, Outline } from "../item.ts";
import type { Handling } from "../recorder.ts";

/** What a member does, as data. */
export interface MemberSpec {
  readonly of: Outline;
  /** Of a topic; without one the member listens. */
  readonly group?: string | undefined;
  readonly concurrency?: number | undefined;
  readonly maxAttempts?: number | undefined;
  readonly retryDelayMs?: number | undefined;
  readonly delivery?: "at-most-once" | undefined;
  /** It handles nothing, but schedules items to `of` at these times, their numbers the seconds, or dies of its first one. */
  readonly cron?: string | undefined;
  /** What its handler does with what an item does not say; default `ok`. */
  readonly act?: Act | undefined;
}

/** The end of a handling that succeeded. */
export interface End {
  readonly n: number;
  /** Epoch ms, with fractions. */
  readonly at: number;
}

/** What a member tells. */
export type MemberEvent =
  | { readonly kind: "began"; readonly handling: Handling }
  | { readonly kind: "done"; readonly end: End }
  | { readonly kind: "aborted"; readonly n: number }
  | { readonly kind: "ready"; readonly group: string }
  | { readonly kind: "published"; readonly ref: number; readonly error: string | undefined }
  | { readonly kind: "failed"; readonly error: string };

/** What a member is told. `go`: handlings that wait may succeed. */
export type MemberOrder =
  | { readonly kind: "go" }
  | { readonly kind: "close" }
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
