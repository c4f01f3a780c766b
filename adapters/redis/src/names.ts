import type { InboxName } from "@waybill/core";

/*
 * The names of our keys. A name of the user's is encoded, so that it has none of the characters that part a key: two names never
 * share a key (SUB-3). What one script touches has one hash tag, which is what stands between the braces: a topic with its groups,
 * a queue, or a pattern (Redis Cluster keeps a tag on one node).
 */

/** Everything of one topic or queue begins so. */
export function sourceKey(namespace: string, name: string): string {
  return `wb:{${encoded(namespace)}:s:${encoded(name)}}`;
}

/** Everything of one inbox begins so. */
export function inboxKey(namespace: string, { source, group, isPattern }: InboxName): string {
  const own = isPattern ? `wb:{${encoded(namespace)}:p:${encoded(source)}}` : sourceKey(namespace, source);
  return `${own}:${encoded(group)}`;
}

/** What stands once for each namespace: its topics, patterns and ephemeral inboxes, and which layout it has. */
export function registryKeys(
  namespace: string,
): Readonly<Record<"sources" | "patterns" | "ephemeral" | "layout", string>> {
  const own = `wb:{${encoded(namespace)}}`;
  return {
    sources: `${own}/sources`,
    patterns: `${own}/patterns`,
    ephemeral: `${own}/ephemeral`,
    layout: `${own}/layout`,
  };
}

/** All keys of a topic or queue itself. */
export function keysOfSource(source: string): readonly string[] {
  return [`${source}/meta`, `${source}/groups`, `${source}/log`];
}

/** All keys of an inbox. Each is named to every script that touches one of them, as Redis Cluster wants it. */
export function keysOfInbox(base: string, levels: number): readonly string[] {
  const keys = lanes.map((lane) => `${base}/${lane}`);
  for (let level = 0; level < levels; level += 1) keys.push(readyKey(base, level));
  return keys;
}

/** The stream of what is ready, one for each priority. */
export function readyKey(base: string, level: number): string {
  return `${base}/ready${level}`;
}

/** What a key of ours has between its braces: keys with the same one live on one node. */
export function tagOf(key: string): string {
  return key.slice(0, key.indexOf("}") + 1);
}

const lanes = ["meta", "members", "fenced", "bell", "due", "later", "dead", "busy", "waiting", "index"];

function encoded(name: string): string {
  return encodeURIComponent(name).replace(/[!'()*~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
