import { Buffer } from "node:buffer";
import type { ConsumeMessage } from "amqplib";
import { type Packet, told } from "./wire.ts";

/*
 * What is said about a replay stands where it is to be read, in the header `waybill-replay`: in a stream a mark, which says how far it
 * had come; in a shard's queue, behind which the past comes first; in a shard's past its end, and which of it may come live as well.
 */

const header = "waybill-replay";

/** At the end of a shard's past. */
export const theEnd = "end";
/** Of a message of the past that may be in the shard's queue as well. */
export const twin = "twin";
const ofPast = "past:";
const ofMark = "mark:";

/** Says in a shard's queue that the past of that life of its inbox comes first. */
export function pastWord(born: string): string {
  return `${ofPast}${born}`;
}

/** Says in a stream how far it had come. */
export function markWord(id: string): string {
  return `${ofMark}${id}`;
}

/** What is said by a message, or of it. */
export function wordOf({ properties }: ConsumeMessage): string | undefined {
  const word: unknown = properties.headers?.[header];
  return typeof word === "string" ? word : undefined;
}

/** The life whose past comes first, of a message that says so. */
export function lifeIn(message: ConsumeMessage): string | undefined {
  const word = wordOf(message);
  return word?.startsWith(ofPast) === true ? word.slice(ofPast.length) : undefined;
}

/** Whether it is a mark, whoever has set it. */
export function isMark(message: ConsumeMessage): boolean {
  return wordOf(message)?.startsWith(ofMark) === true;
}

/** A message that says nothing else. */
export function wordPacket(queue: string, word: string): Packet {
  return {
    exchange: "",
    routingKey: queue,
    mandatory: true,
    immediate: false,
    ticket: 0,
    deliveryMode: 2,
    contentType: undefined,
    messageId: undefined,
    headers: { [header]: word },
    body: Buffer.alloc(0),
  };
}

/** A copy for a queue of a message as it was kept, whoever has published it. */
export function replayed({ properties, content }: ConsumeMessage, queue: string, word: string | undefined): Packet {
  const written: Readonly<Record<string, unknown>> = properties.headers ?? {};
  const headers = Object.fromEntries(Object.entries(written).filter(([name]) => !name.startsWith("x-")));
  const others = Object.fromEntries(told.map((name) => [name, properties[name] as unknown]));
  const contentType: unknown = properties.contentType;
  const messageId: unknown = properties.messageId;
  return {
    ...others,
    ...wordPacket(queue, ""),
    contentType: typeof contentType === "string" ? contentType : undefined,
    messageId: typeof messageId === "string" ? messageId : undefined,
    headers: word === undefined ? headers : { ...headers, [header]: word },
    body: content,
  };
}
