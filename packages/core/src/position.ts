import type { AnyDefinition } from "./definition.ts";
import { WaybillError } from "./errors.ts";
import type { Manifest, Start } from "./seam.ts";

/** A place in what a topic has kept: its beginning, the first message stored at or after a time (a Date or epoch ms), or its end. */
export type Position = "beginning" | "now" | Date | number;

/**
 * The start of an inbox at a position; `reset` moves one that exists (SUB-8).
 * @throws TypeError for what is no position, or a source that keeps nothing; WaybillError `UNSUPPORTED`
 */
export function startAt(position: Position, reset: boolean, definition: AnyDefinition, manifest: Manifest): Start {
  const from = typeof position === "string" ? position : Number(position);
  if (from === "now") return { from, reset };
  if (from !== "beginning" && !Number.isFinite(from)) {
    throw new TypeError(`the position is ${String(position)}; give "beginning", "now", a Date or epoch ms`);
  }
  const { kind, name, shape } = definition;
  if (shape.retainMs === 0) {
    throw new TypeError(
      `${kind} "${name}" keeps nothing to replay; define the topic with retain, such as retain: "7d"`,
    );
  }
  if (manifest.can.has("replay")) return { from, reset };
  throw new WaybillError("UNSUPPORTED", `topic "${name}" cannot be replayed; this carrier keeps nothing`);
}
