import { expect } from "vitest";

/** Any text that holds `part`. */
export function containing(part: string): unknown {
  return expect.stringContaining(part);
}
