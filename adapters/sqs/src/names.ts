import { createHash } from "node:crypto";
import type { Inbox, Source } from "@waybill/core";

/*
 * SQS allows 80 characters of `A-Z a-z 0-9 _ -`, so a name is made of digests, which no two names share (SUB-3), and of what a
 * reader of the console knows them by: `wb-<namespace>-<kind><source>[-<group>]-<words>[-dead][.fifo]`. Tags say the names in full.
 */

/** What a queue of ours is for. `e` and `x` are the ephemeral inboxes of a topic and of a pattern. */
export type Kind = "q" | "t" | "p" | "e" | "x";

const longestWords = 30;

/** All queues and topics of a namespace begin so. */
export function prefixOf(namespace: string): string {
  return `wb-${digest(namespace, 8)}-`;
}

/** The queue of an inbox, one for each level of priority, the lowest first. */
export function queueNames(namespace: string, inbox: Inbox): readonly [string, ...string[]] {
  const base = baseOf(namespace, inbox);
  const suffix = inbox.ordered ? ".fifo" : "";
  const higher = Array.from({ length: inbox.shape.priorities - 1 }, (_, index) => `${base}-${index + 1}${suffix}`);
  return [`${base}${suffix}`, ...higher];
}

/** The queue of an inbox's dead letters. */
export function deadName(namespace: string, inbox: Inbox): string {
  return `${baseOf(namespace, inbox)}-dead${inbox.ordered ? ".fifo" : ""}`;
}

/** The SNS topic of a topic. */
export function topicName(namespace: string, { name, shape }: Pick<Source, "name" | "shape">): string {
  return `${sourcePrefix(namespace, "t", name)}-${wordsOf(name)}${shape.ordered ? ".fifo" : ""}`;
}

/** All queues of one topic's groups, of this kind, begin so. */
export function sourcePrefix(namespace: string, kind: Kind, source: string): string {
  return `${prefixOf(namespace)}${kind}${digest(source, 11)}`;
}

/** The same name for the other order. */
export function siblingOf(name: string): string {
  return name.endsWith(".fifo") ? name.slice(0, -".fifo".length) : `${name}.fifo`;
}

export function kindOf({ shape, ephemeral }: Inbox): Kind {
  if (shape.kind === "queue") return "q";
  if (shape.kind === "pattern") return ephemeral ? "x" : "p";
  return ephemeral ? "e" : "t";
}

/** A key or an id as SQS takes it: 128 characters at most, of those it allows; no two share one. */
export function idOf(text: string): string {
  return /^[\w-]{1,127}$/.test(text) ? `i${text}` : `h${createHash("sha256").update(text).digest("base64url")}`;
}

function baseOf(namespace: string, inbox: Inbox): string {
  const { source, group } = inbox;
  const kind = kindOf(inbox);
  const start = sourcePrefix(namespace, kind, source);
  if (kind === "q") return `${start}-${wordsOf(source)}`;
  return `${start}-${digest(group, 11)}-${wordsOf(`${source}-${group}`)}`;
}

function digest(text: string, length: number): string {
  return createHash("sha256").update(text).digest("base64url").replaceAll("-", "_").slice(0, length);
}

function wordsOf(name: string): string {
  return (
    name
      .replace(/[^A-Za-z0-9]+/g, "-")
      .slice(0, longestWords)
      .replace(/^-|-$/g, "") || "x"
  );
}
