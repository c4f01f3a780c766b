import { type Manifest, noteBytes, type Shape } from "@waybill/core";
import type { Settings } from "./url.ts";

/** What Redis gives a shape. A cluster takes no step over two topics, and fills no pattern's inbox from what others have kept. */
export function manifestOf(shape: Shape, settings: Settings, durability: Manifest["durability"]): Manifest {
  const isCluster = settings.kind === "cluster";
  const replays = !isCluster || shape.kind !== "pattern";
  return {
    maxBytes: 16 * 2 ** 20,
    maxHeaderBytes: 64 * 2 ** 10 - noteBytes,
    maxDelay: Infinity,
    maxHold: Infinity,
    leaseMs: settings.leaseMs,
    handoverMs: Infinity,
    retentionMs: Infinity,
    dedupeMs: 0,
    wiringMs: 0,
    sweepMs: 2 * settings.leaseMs,
    hideMs: 0,
    order: "key",
    attempts: "stored",
    move: isCluster ? "copy" : "atomic",
    settle: "confirmed",
    durability,
    depth: "exact",
    can: new Set(["topics", "patterns", ...(replays ? ["replay" as const] : []), "once", "rpc"]),
  };
}
