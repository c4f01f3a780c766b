import type { AdapterContext } from "@waybill/core";
import { openRig, type Rig } from "@waybill/test-servers";
import { sqs } from "../src/sqs.ts";

export * from "@waybill/test-servers";

const quick = { leaseMs: 2_000, waitMs: 1_000, requestTimeoutMs: 10_000 };

export function rigOn(url: string, options: object = {}, over: Partial<AdapterContext> = {}): Promise<Rig> {
  return openRig(sqs, url, { namespace: `t-${Math.random()}`, options: { ...quick, ...options }, ...over });
}

/** Soon enough for a test. */
export function soon(): { readonly deadline: number } {
  return { deadline: Date.now() + 10_000 };
}
