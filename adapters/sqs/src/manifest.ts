import { type Manifest, noteBytes, type Shape } from "@waybill/core";
import type { Settings } from "./url.ts";

/** The longest that SQS hides a message from others, since it was received. */
export const maxHoldMs: number = 12 * 3_600_000;
/** The longest delay of a message in a queue that is not FIFO. */
export const maxDelaySeconds = 900;
/** For how long letters are hidden from others while they are looked at. */
export const hideMs = 60_000;
/** The most of a message and of a batch. */
export const maxMessageBytes: number = 2 ** 20;
const headerBytes = 16 * 2 ** 10;
/** As many headers as there may be, every character escaped, and room for ids, names and a key. */
const mostMetaBytes = 6 * headerBytes + 8 * 2 ** 10;

/** What SQS gives a shape; topics where there is SNS. */
export function manifestOf(shape: Shape, settings: Settings, hasTopics: boolean): Manifest {
  const { ordered } = shape;
  return {
    // A body that is no text travels as base64.
    maxBytes: Math.floor(((maxMessageBytes - mostMetaBytes) * 3) / 4 / 1_000) * 1_000,
    maxHeaderBytes: headerBytes - noteBytes,
    // An ordered message waits in its place, hidden.
    maxDelay: ordered ? maxHoldMs - 3_600_000 : Infinity,
    maxHold: maxHoldMs,
    leaseMs: settings.leaseMs,
    handoverMs: Infinity,
    retentionMs: settings.retentionMs,
    dedupeMs: ordered ? 300_000 : 0,
    wiringMs: 0,
    sweepMs: settings.sweepMs,
    hideMs,
    order: ordered ? "key" : "none",
    attempts: ordered ? "counted" : "stored",
    move: "copy",
    settle: "confirmed",
    durability: "replicated",
    depth: "approximate",
    can: new Set(hasTopics ? ["topics", "patterns", "once", "rpc"] : ["once", "rpc"]),
  };
}
