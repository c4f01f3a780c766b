import { type Depth, type Inbox, WaybillError } from "@waybill/core";
import type { Client } from "./client.ts";
import { keysOfInbox } from "./names.ts";
import { depth } from "./scripts/depth.ts";

/** How much of an inbox is where (LIF-4). @throws WaybillError `MISSING` */
export async function depthOf(client: Client, { source, group, shape }: Inbox, base: string): Promise<Depth> {
  const { priorities } = shape;
  const reply = await client.run(depth, keysOfInbox(base, priorities), [base, priorities]);
  if (!Array.isArray(reply))
    throw new WaybillError("MISSING", `group "${group}" of "${source}" is not there; declare it`);
  const [ready = 0, inFlight = 0, delayed = 0, dead = 0, oldest = -1] = reply as readonly number[];
  return { ready, inFlight, delayed, dead, oldestAt: oldest < 0 ? undefined : oldest };
}
