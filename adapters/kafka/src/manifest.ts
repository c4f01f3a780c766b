import { type Manifest, noteBytes, type Shape } from "@waybill/core";
import type { Settings } from "./url.ts";

/** All names and values of headers, with the note. */
const headerBytes = 32 * 2 ** 10;
/** What a record has beside its body, in bytes: its headers, some of them escaped, ids, a key. */
export const headerRoom: number = 64 * 2 ** 10;

/** What Kafka gives a shape. */
export function manifestOf(shape: Shape, settings: Settings, brokers: number): Manifest {
  const copies = settings.replication ?? Math.min(3, brokers);
  return {
    maxBytes: Math.floor((settings.maxMessageBytes - headerRoom) / 1_000) * 1_000,
    maxHeaderBytes: headerBytes - noteBytes,
    maxDelay: Infinity,
    maxHold: Infinity,
    leaseMs: settings.leaseMs,
    handoverMs: settings.handoverMs,
    retentionMs: settings.retentionMs,
    dedupeMs: 0,
    wiringMs: shape.kind === "pattern" ? 2 * settings.leaseMs : 0,
    sweepMs: 2 * settings.sweepMs + settings.leaseMs,
    hideMs: 0,
    order: "key",
    attempts: "stored",
    move: settings.transactions ? "atomic" : "copy",
    settle: "written",
    // One copy is in the memory of its broker's system when it is confirmed, not on the disk.
    durability: copies > 1 ? "replicated" : "process",
    depth: "approximate",
    can: new Set(["topics", "patterns", "replay", "once", "rpc"]),
  };
}
