import { randomUUID } from "node:crypto";
import type { Adapter, AdapterContext } from "@waybill/core";
import { openRig, type Rig } from "@waybill/test-servers";
import { kafka } from "../src/kafka.ts";
import { options as quick } from "./faults.ts";

export * from "@waybill/test-servers";

interface Over extends Partial<AdapterContext> {
  /** In place of the one that is tested. */
  readonly adapter?: Adapter;
}

export function rigOn(url: string, options: object = {}, { adapter = kafka, ...over }: Over = {}): Promise<Rig> {
  return openRig(adapter, url, { namespace: `t-${randomUUID()}`, options: { ...quick, ...options }, ...over });
}
