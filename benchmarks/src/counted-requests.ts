import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";

const channel = "http.client.request.start";

/** What AWS would bill: the requests of each action of SQS that this process makes while `work` runs. */
export async function requestsDuring(work: () => Promise<unknown>): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const count = (message: unknown): void => {
    const { request } = message as { readonly request: ClientRequest };
    const action = String(request.getHeader("x-amz-target")).replace(/^.*\./, "");
    counts.set(action, (counts.get(action) ?? 0) + 1);
  };
  subscribe(channel, count);
  await work();
  unsubscribe(channel, count);
  return counts;
}
