import type { Buffer } from "node:buffer";
import { partsOf } from "./entry.ts";
import { type Held, heldOf } from "./wire.ts";

/** One stream of what XREADGROUP answers. */
export type Read = readonly [stream: Buffer, entries: readonly (readonly [id: Buffer, fields: readonly Buffer[]])[]];

/** The messages of an answer, and the bells that were heard. */
export function readFrom(streams: readonly Read[]): {
  readonly held: readonly Held[];
  readonly bells: readonly string[];
} {
  const held: Held[] = [];
  const bells: string[] = [];
  for (const [stream, entries] of streams) {
    const key = String(stream);
    const isBell = key.endsWith("/bell");
    const level = Number(key.slice(key.lastIndexOf("/ready") + "/ready".length));
    for (const [id, fields] of entries) {
      const entry = id.toString("latin1");
      if (isBell) bells.push(entry);
      else {
        const { meta, body } = partsOf(fields);
        held.push(heldOf({ entry, level, times: 1, meta, body }));
      }
    }
  }
  return { held, bells };
}

/** The messages of `take`'s answer. */
export function heldFrom(reply: readonly unknown[]): readonly Held[] {
  const held: Held[] = [];
  for (let index = 2; index < reply.length; index += 5) {
    const [entry, level, times, meta, body] = reply.slice(index, index + 5) as [
      Buffer,
      number,
      number,
      Buffer | null,
      Buffer,
    ];
    held.push(heldOf({ entry: entry.toString("latin1"), level: Number(level), times, meta, body }));
  }
  return held;
}
