import type { Address, Depth, Flow, Headers, Inbox, Place } from "@waybill/core";
import type { PlainError } from "./errors.ts";
import type { Settings } from "./url.ts";
import type { Packed, PackedRows } from "./wire.ts";

/* What the user's thread and the worker say to each other. Every request is answered once, in any order. */

export interface WorkerData extends Settings {
  readonly namespace: string;
  readonly topology: "create" | "verify";
}

/** What was decided of one held message, by its number. */
export type PlainSettlement = { readonly seq: number } & (
  | { readonly outcome: "ack"; readonly sends: readonly number[] }
  | { readonly outcome: "retry"; readonly delayMs: number; readonly failed: boolean; readonly note: Headers }
  | { readonly outcome: "dead"; readonly note: Headers }
  | { readonly outcome: "release" }
);

export type Verdicts = readonly { readonly seq: number; readonly verdict: "discard" | "redrive" }[];

export interface Requests {
  readonly declare: { readonly ask: readonly Place[]; readonly answer: undefined };
  readonly remove: { readonly ask: Place; readonly answer: undefined };
  readonly send: { readonly ask: { readonly to: Address; readonly messages: Packed }; readonly answer: undefined };
  readonly receive: {
    /** `again`: it was there before, with a worker that died. */
    readonly ask: { readonly receiver: number; readonly inbox: Inbox; readonly flow: Flow; readonly again: boolean };
    /** Whether its ephemeral inbox had to be made again. */
    readonly answer: boolean;
  };
  /** Acks are bare numbers; `effects` are what handlers sent, by address, that `sends` of an ack point into. */
  readonly settle: {
    readonly ask: {
      readonly receiver: number;
      readonly acks: readonly number[];
      readonly others: readonly PlainSettlement[];
      readonly effects: readonly { readonly to: Address; readonly messages: Packed }[];
    };
    /** The numbers of those that were no longer ours. */
    readonly answer: readonly number[];
  };
  readonly resize: { readonly ask: { readonly receiver: number; readonly flow: Flow }; readonly answer: undefined };
  /** Gives back what all members hold, whose lease has ended by their own clock, and takes them new ones. */
  readonly lapse: { readonly ask: undefined; readonly answer: undefined };
  readonly stop: { readonly ask: { readonly receiver: number }; readonly answer: undefined };
  readonly leave: { readonly ask: { readonly receiver: number }; readonly answer: undefined };
  readonly depth: { readonly ask: Inbox; readonly answer: Depth };
  /** The dead letters after `after`, up to `upTo`, a page of them. */
  readonly letters: {
    readonly ask: { readonly inbox: Inbox; readonly after: number; readonly upTo: number | undefined };
    readonly answer: { readonly rows: PackedRows; readonly upTo: number };
  };
  readonly judge: { readonly ask: { readonly inbox: Inbox; readonly verdicts: Verdicts }; readonly answer: undefined };
  readonly close: { readonly ask: undefined; readonly answer: undefined };
}

export type Kind = keyof Requests;

export interface Request<K extends Kind = Kind> {
  readonly id: number;
  readonly kind: K;
  readonly ask: Requests[K]["ask"];
}

export type FromWorker =
  | { readonly kind: "opened" }
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly error: PlainError }
  | { readonly kind: "deliver"; readonly receiver: number; readonly rows: PackedRows }
  | { readonly kind: "lost"; readonly receiver: number; readonly seqs: readonly number[] }
  /** The leases of all members hold until this epoch ms. */
  | { readonly kind: "leased"; readonly until: number }
  /** The receiver's inbox was removed; an ephemeral one was made again, and may have missed something. */
  | { readonly kind: "gone" | "missed"; readonly receiver: number }
  | { readonly kind: "swept"; readonly count: number }
  | { readonly kind: "trouble"; readonly error: PlainError };
