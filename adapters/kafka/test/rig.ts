import { randomUUID } from "node:crypto";
import type { AdapterContext } from "@waybill/core";
import { openRig, type Rig } from "@waybill/test-servers";
import { kafka } from "../src/kafka.ts";
import { options as quick } from "./faults.ts";

export * from "@waybill/test-servers";

export function rigOn(url: string, options: object = {}, over: Partial<AdapterContext> = {}): Promise<Rig> {
  return openRig(kafka, url, { namespace: `t-${randomUUID()}`, options: { ...quick, ...options }, ...over });
}
