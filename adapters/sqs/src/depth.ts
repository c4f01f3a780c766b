import type { Depth, Inbox } from "@waybill/core";
import type { Api, QueueAttributes } from "./api.ts";
import type { Topology } from "./topology.ts";

/** What SQS says of an inbox's queues, which is about right. It tells nobody how old the oldest message is. */
export async function depthOf(api: Api, topology: Topology, inbox: Inbox): Promise<Depth> {
  const { levels } = await topology.queuesOf(inbox);
  const deadUrl = await topology.deadOf(inbox);
  const [dead, ...all] = await Promise.all([
    deadUrl === undefined ? {} : api.attributesOf(deadUrl),
    ...levels.map((url) => api.attributesOf(url)),
  ]);
  const sum = (name: string): number => all.reduce((total, one) => total + Number(one[name] ?? 0), 0);
  return {
    ready: sum("ApproximateNumberOfMessages"),
    inFlight: sum("ApproximateNumberOfMessagesNotVisible"),
    delayed: sum("ApproximateNumberOfMessagesDelayed"),
    dead: everything(dead ?? {}),
    oldestAt: undefined,
  };
}

function everything(attributes: QueueAttributes): number {
  const names = ["", "NotVisible", "Delayed"];
  return names.reduce((total, name) => total + Number(attributes[`ApproximateNumberOfMessages${name}`] ?? 0), 0);
}
