import type { Buffer } from "node:buffer";

/** A request of one version that has no tagged fields yet, and what its answer says; both without their heads. */
export interface Exchange<T> {
  readonly key: number;
  readonly version: number;
  readonly name: string;
  readonly body: Buffer;
  readonly read: (answer: Buffer) => T;
}
