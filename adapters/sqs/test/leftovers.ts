import { systemClock } from "@waybill/core";
import { Api } from "../src/api.ts";
import { clientsOf } from "../src/clients.ts";
import { Gate } from "../src/gate.ts";
import { settingsOf } from "../src/url.ts";

/** What is made by a test says so. */
export const leftoverTag = "waybill-test";

/** Deletes every queue and topic that a test has made, whatever became of it; says how many. */
export async function removeLeftovers(url: string): Promise<number> {
  const settings = settingsOf(new URL(url), undefined);
  const context = { clock: systemClock, backoff: (attempt: number) => 200 * attempt, report: () => undefined };
  const api = new Api(clientsOf(settings), new Gate(context, settings.requestTimeoutMs));
  let count = 0;
  for (const queue of await api.queuesOf("wb-")) {
    if ((await api.tagsOfQueue(queue))[leftoverTag] === undefined) continue;
    await api.deleteQueue(queue);
    count += 1;
  }
  for (const topic of await api.topics()) {
    if (!topic.includes(":wb-") || !(await api.tagsOfTopic(topic)).has(leftoverTag)) continue;
    await api.deleteTopic(topic);
    count += 1;
  }
  api.close();
  return count;
}
