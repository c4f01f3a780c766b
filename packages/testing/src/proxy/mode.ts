/** What happens to the bytes of one direction. */
export type Mode =
  | { readonly kind: "pass" }
  | { readonly kind: "delay"; readonly ms: number; readonly jitter: number }
  | { readonly kind: "throttle"; readonly bytesPerSecond: number }
  | { readonly kind: "slice" }
  | { readonly kind: "black hole" };

/** Bytes that wait to go on. */
export interface Waiting {
  readonly bytes: Buffer;
  /** When a delay lets them go, by `performance.now()`. */
  readonly dueAt: number;
}

/** How many of the waiting bytes go next, and after how many ms: 0 is the next turn of the event loop, undefined at once. */
export interface Step {
  readonly bytes: number;
  readonly afterMs: number | undefined;
}

/** A throttled connection sends this often, so that it trickles and does not come in gushes. */
const piecesPerSecond = 50;

/** What a mode lets through next; nothing where it lets nothing through. */
export function stepOf(mode: Mode, { bytes: { length }, dueAt }: Waiting, now: number): Step | undefined {
  switch (mode.kind) {
    case "pass":
      return { bytes: length, afterMs: undefined };
    case "delay":
      return { bytes: length, afterMs: dueAt > now ? dueAt - now : undefined };
    case "throttle": {
      const bytes = Math.min(length, Math.max(1, Math.floor(mode.bytesPerSecond / piecesPerSecond)));
      return { bytes, afterMs: (bytes * 1000) / mode.bytesPerSecond };
    }
    case "slice":
      return { bytes: 1, afterMs: 0 };
    case "black hole":
      return undefined;
  }
}
