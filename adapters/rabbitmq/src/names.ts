import { createHash } from "node:crypto";
import type { InboxName } from "@waybill/core";

/*
 * The names of what a namespace has on a server. A name of the user's is encoded, so that it has none of the characters that part
 * ours: two names never meet (SUB-3). What would be longer than AMQP's 255 bytes is cut, and told apart by a hash of all of it.
 */

/** How many shards an ordered inbox has: a key always goes to the same one. */
export const shardCount = 8;
const hashLength = 22;
/** Of an inbox's name, so that there is room for the names of its queues. */
const longestBase = 236;
const longestSegment = 64;
/** One character and a dot stand before a topic's name. */
const longestRoute = 253;

export interface SpaceNames {
  /** The exchange of all topics. */
  readonly topics: string;
  /** The exchange that gives an inbox's queue what comes out of the delay, by its name. */
  readonly inboxes: string;
  /** The exchange at the end of the delay. */
  readonly due: string;
  /** What nobody takes at the end of the delay goes there, or it would be tried again for ever. */
  readonly nowhere: string;
}

export function spaceNames(namespace: string): SpaceNames {
  const own = spaceOf(namespace);
  return { topics: `${own}:topics`, inboxes: `${own}:inboxes`, due: `${own}:due`, nowhere: `${own}:nowhere` };
}

/** A level of the delay: an exchange, and the queue in which a message stays for its time. */
export function delayName(namespace: string, level: number): string {
  return `${spaceOf(namespace)}:delay:${level}`;
}

/** The queue that says which layout a topic has, and holds the names of its groups. Short: a refusal tells 255 bytes. */
export function cardName(namespace: string, topic: string): string {
  return `wb:t:${hashOf(JSON.stringify([namespace, topic]))}`;
}

/** Everything of one inbox begins so. */
export function inboxBase(namespace: string, { source, group, isPattern }: InboxName): string {
  return cut(`${spaceOf(namespace)}:${isPattern ? "p" : "s"}:${encoded(source)}:${encoded(group)}`);
}

/** The queue of what is ready: of one priority, or of one shard. */
export function readyQueue(base: string, lane: number): string {
  return `${base}:${laneName(lane)}`;
}

/** The inbox's dead letters. Its arguments also say which layout the inbox has. */
export function deadQueue(base: string): string {
  return `${base}:dead`;
}

/** Held by whoever walks through these dead letters. */
export function walkLock(dead: string): string {
  return `${dead}:walk`;
}

/** What a topic keeps for replay. */
export function keptQueue(namespace: string, topic: string): string {
  return cut(`${spaceOf(namespace)}:kept:${encoded(topic)}`);
}

/** What a shard gets before what lies in its queue, in this life of its inbox. */
export function pastQueue(base: string, shard: number, born: string): string {
  return `${base}:past:${laneName(shard)}:${born}`;
}

/** There as long as an inbox has not got all that it was to get of the past. */
export function unfilledQueue(base: string): string {
  return `${base}:unfilled`;
}

/** Held by whoever fills the inbox. */
export function fillLock(base: string): string {
  return `${base}:fill`;
}

/** What its members say of one shard: the last word counts. */
export function ledgerQueue(base: string, shard: number): string {
  return `${base}:note:${laneName(shard)}`;
}

/** Each member of an ordered inbox consumes from it, so that they can be counted. */
export function memberQueue(base: string): string {
  return `${base}:members`;
}

/** Says which life of its inbox this is. */
export function birthQueue(base: string): string {
  return `${base}:born`;
}

/** By what a queue is given what was delayed for it in this life. */
export function bornRoute(queue: string, born: string): string {
  return `${queue}#${born}`;
}

/** With what a topic's message is published. */
export function routeOf(topic: string, lane: number): string {
  return `${laneName(lane)}.${routed(topic)}`;
}

/** What binds to the topics that fit, in one lane or all. */
export function bindingOf(source: string, lane: number | "all"): string {
  return `${lane === "all" ? "*" : laneName(lane)}.${routed(source)}`;
}

/** The topic whose name stands in a route; undefined where it was too long to stand there. */
export function topicIn(route: string): string | undefined {
  const topic = route.slice(2);
  if (!topic.includes("~")) return topic;
  const segments = topic.split(".").map((segment) => (segment.startsWith("~~") ? segment.slice(1) : segment));
  return routed(segments.join(".")) === topic ? segments.join(".") : undefined;
}

/** The shard of a key, which never changes: FNV-1a. */
export function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) % shardCount;
}

function laneName(lane: number): string {
  return lane.toString(36);
}

function spaceOf(namespace: string): string {
  const name = `wb:${encoded(namespace)}`;
  return name.length <= 100 ? name : `wb:${encoded(namespace).slice(0, 60)}~${hashOf(namespace)}`;
}

/** A topic's name or a pattern, segment by segment: a pattern must fit by its segments what it fits by its name. */
function routed(source: string): string {
  if (source.length * 3 <= longestSegment && !source.includes("~")) return source;
  const segments = source.split(".").map(segmentOf);
  const whole = segments.join(".");
  if (Buffer.byteLength(whole) <= longestRoute) return whole;
  let kept = 0;
  let bytes = 0;
  while (bytes < 150) bytes += Buffer.byteLength(segments[kept++] ?? "") + 1;
  return [...segments.slice(0, kept), `~${hashOf(source)}`].join(".");
}

function segmentOf(segment: string): string {
  if (Buffer.byteLength(segment) > longestSegment) return `~${hashOf(segment)}`;
  return segment.startsWith("~") ? `~${segment}` : segment;
}

function cut(name: string): string {
  return name.length <= longestBase ? name : `${name.slice(0, longestBase - hashLength - 1)}~${hashOf(name)}`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, hashLength);
}

/** ASCII, without a colon or a tilde. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/[!'()*~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
