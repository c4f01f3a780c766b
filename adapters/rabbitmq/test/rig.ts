import type { AdapterContext } from "@waybill/core";
import { openRig, type Rig } from "@waybill/test-servers";
import { rabbitmq } from "../src/rabbitmq.ts";

export * from "@waybill/test-servers";

export const namespace = "t";

export function rigOn(url: string, options: object = {}, over: Partial<AdapterContext> = {}): Promise<Rig> {
  return openRig(rabbitmq, url, { namespace, options, ...over });
}
