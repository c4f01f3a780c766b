import { type Manifest, noteBytes, type Shape } from "@waybill/core";
import { maxDelayMs } from "./delay.ts";
import type { Settings } from "./url.ts";

/** Of amqplib's 64 KiB for all headers: what frames them, and what a move adds. */
const framing = 8_192;

/** What RabbitMQ gives a shape, whatever its version. */
export function manifestOf(shape: Shape, settings: Settings): Manifest {
  return {
    maxBytes: settings.maxMessageBytes,
    maxHeaderBytes: 2 ** 16 - noteBytes - framing,
    maxDelay: maxDelayMs,
    // A message may have waited for its handler for half of the time.
    maxHold: settings.consumerTimeoutMs / 2,
    leaseMs: 2 * settings.heartbeatMs,
    handoverMs: Infinity,
    retentionMs: Infinity,
    dedupeMs: 0,
    wiringMs: 0,
    sweepMs: settings.sweepMs,
    hideMs: settings.commandTimeoutMs,
    order: "key",
    attempts: shape.ordered ? "volatile" : "stored",
    move: "copy",
    settle: "written",
    durability: "disk",
    depth: "approximate",
    can: new Set(["topics", "patterns", ...(shape.kind === "topic" ? ["replay" as const] : []), "once", "rpc"]),
  };
}
