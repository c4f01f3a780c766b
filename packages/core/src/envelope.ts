import type { Headers } from "./seam.ts";

/** What travels with the data. */
export interface Envelope {
  /** Unique; the same on every attempt and every re-send. */
  readonly id: string;
  /** The name of the topic or queue. */
  readonly type: string;
  /** The service that published it. */
  readonly source: string;
  /** When it was published, epoch ms; NaN where a foreign producer gave no time. */
  readonly timestamp: number;
  /** The version of the data. */
  readonly version: number;
  /** Shared by everything that came of one first message; that one's own id by default. */
  readonly correlationId: string;
  /** The id of the message whose handling published this one. */
  readonly causationId: string | undefined;
  readonly key: string | undefined;
  /** Epoch ms from which on it is not handled any more (TTL-1); undefined for never. */
  readonly expiresAt: number | undefined;
  /** The user's own headers. */
  readonly headers: Headers;
}

let cachedAt = Number.NaN;
let cachedText = "";

/** The RFC 3339 text of an epoch ms, remembered for as long as it is asked for again. */
export function timeText(epochMs: number): string {
  if (epochMs !== cachedAt) {
    cachedText = new Date(epochMs).toISOString();
    cachedAt = epochMs;
  }
  return cachedText;
}
