import { Buffer } from "node:buffer";
import type { Inbox, Shape } from "@waybill/core";
import type { Partition } from "./driver.ts";
import type { Retry } from "./progress.ts";

export interface SourceEntry {
  readonly kind: "source";
  readonly name: string;
  readonly shape: Shape;
}

export interface InboxEntry {
  readonly kind: "inbox";
  readonly inbox: Inbox;
  /** Where the group begins, by topic and partition; at the beginning where none is named. */
  readonly starts: Readonly<Record<string, readonly number[]>>;
}

/** That a group of this birth has committed offsets, which are therefore not to be missed. */
interface BegunEntry {
  readonly kind: "begun";
  readonly of: string;
}

/** What became of a message in the hands of a member that had let go of its partition. */
export interface ReturnedEntry extends Partition {
  readonly kind: "returned";
  /** The birth of its inbox, and who had lent it. */
  readonly of: string;
  readonly by: string;
  readonly offset: number;
  /** Undefined: it is finished, or lies somewhere else by now. */
  readonly retry: Retry | "at once" | undefined;
}

export type Entry = SourceEntry | InboxEntry | BegunEntry | ReturnedEntry;
export type Born<E extends Entry = Entry> = E & { readonly birth: string };

export function entryKey(entry: Entry): string {
  if (entry.kind === "source") return sourceKey(entry.name);
  if (entry.kind === "inbox") return inboxKey(entry.inbox);
  if (entry.kind === "returned")
    return `returned ${entry.of} ${entry.topic}/${entry.partition}/${entry.offset} ${entry.by}`;
  return begunKey(entry.of);
}

export function begunKey(birth: string): string {
  return `begun ${birth}`;
}

export function sourceKey(name: string): string {
  return `source ${name}`;
}

export function inboxKey({
  source,
  group,
  shape,
}: Pick<Inbox, "source" | "group"> & { readonly shape: Pick<Shape, "kind"> }): string {
  return `inbox ${JSON.stringify([shape.kind === "pattern", source, group])}`;
}

export function entryFrom(value: Uint8Array): (Born & { readonly replaces?: string }) | undefined {
  try {
    const read: unknown = JSON.parse(Buffer.from(value).toString());
    if (typeof read !== "object" || read === null || !("birth" in read) || !("kind" in read)) return undefined;
    return read as Born;
  } catch {
    return undefined;
  }
}
