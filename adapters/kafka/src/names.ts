import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import type { Inbox } from "@waybill/core";

/*
 * Kafka allows 249 characters of `A-Z a-z 0-9 . _ -` and takes `a.b` and `a_b` for the same name. So `_` is never written, `--` stands
 * between the parts of a name, and within a part everything but letters, digits and dots is the hexadecimal bytes of its UTF-8, each
 * behind a `-`. What is too long ends in a digest. No two names share an encoding (SUB-3).
 */

const longestPart = 60;

/** What an inbox's own topics and its consumer group are called by. */
export type InboxKey = Pick<Inbox, "source" | "group"> & { readonly shape: Pick<Inbox["shape"], "kind"> };

/** The topics of a topic or queue, one for each level of priority, the lowest first. */
export function sourceTopics(namespace: string, name: string, priorities: number): readonly string[] {
  const base = sourceTopic(namespace, name);
  return [base, ...Array.from({ length: priorities - 1 }, (_, index) => `${base}--${index + 1}`)];
}

/** The topic of a topic or queue: of its lowest priority. */
export function sourceTopic(namespace: string, name: string): string {
  return `${part(namespace)}--t--${part(name)}`;
}

/** The consumer group of an inbox. */
export function groupId(namespace: string, { source, group, shape }: InboxKey): string {
  return `${part(namespace)}--${shape.kind === "pattern" ? "p" : "g"}--${part(source)}--${part(group)}`;
}

/** What is an inbox's alone: retries, what is delayed, given back, redriven, or sent to it by its address. */
export function laneTopic(namespace: string, inbox: InboxKey): string {
  return `${groupId(namespace, inbox)}--lanes`;
}

/** The dead letters of an inbox. */
export function deadTopic(namespace: string, inbox: InboxKey): string {
  return `${groupId(namespace, inbox)}--dead`;
}

/** The list of all that is in a namespace. */
export function registryTopic(namespace: string): string {
  return `${part(namespace)}--registry`;
}

function part(name: string): string {
  const encoded = name.replace(/[^A-Za-z0-9.]/gu, (character) => {
    const bytes = [...Buffer.from(character)];
    return bytes.map((byte) => `-${byte.toString(16).padStart(2, "0")}`).join("");
  });
  if (encoded.length <= longestPart) return encoded;
  return `${encoded.slice(0, 20)}---${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
}
