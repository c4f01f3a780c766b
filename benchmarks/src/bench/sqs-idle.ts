import { setTimeout as pause } from "node:timers/promises";
import { connect } from "@waybill/core";
import { requestsDuring } from "../counted-requests.ts";
import type { Figure } from "../figure.ts";
import { startSqs } from "../sqs-server.ts";
import { orderWork } from "../topics.ts";

const minuteMs = 60_000;

/** What a subscription asks for in a minute in which nothing happens, which AWS bills. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startSqs();
  await using bus = await connect(server.url);
  await bus.work(orderWork, { concurrency: 100 }, () => undefined);
  await pause(2_000);
  const requests = await requestsDuring(() => pause(minuteMs));
  const all = [...requests.values()].reduce((sum, count) => sum + count, 0);
  return [{ what: "requests of an idle subscription on SQS", unit: "/min", value: all, better: "less", goal: 3 }];
}
