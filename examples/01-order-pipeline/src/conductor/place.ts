import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Place } from "./service.ts";

/** The broker of one run. */
export interface RunPlace extends Place {
  /** Where what is left can be found after a failure; without passwords. */
  readonly description: string;
  /** The broker was made for this run alone, and goes with `remove`. */
  readonly temporary: boolean;
  remove(): Promise<void>;
}

/** How long the messages of a killed process stay with it; short, so that one sees them come back. */
const leaseMs = 2_000;

/** A fresh SQLite file in a temporary folder or, given a URL, a fresh namespace there. */
export async function openPlace(url: string | undefined): Promise<RunPlace> {
  if (url === undefined) {
    const folder = await mkdtemp(join(tmpdir(), "waybill-orders-"));
    const file = join(folder, "waybill.db");
    return {
      url: pathToFileURL(file).href.replace(/^file:/, "sqlite:"),
      namespace: "orders",
      options: { leaseMs },
      description: file,
      temporary: true,
      remove: () => rm(folder, { recursive: true, force: true }),
    };
  }
  const namespace = `orders-${randomUUID().slice(0, 8)}`;
  return {
    url,
    namespace,
    options: optionsOf(url),
    description: `namespace "${namespace}" of WAYBILL_URL`,
    temporary: false,
    remove: () => Promise.resolve(),
  };
}

/** What each carrier calls it; RabbitMQ gives back what a member held when it has missed two to three heartbeats. A close of SQS waits for its polls. */
function optionsOf(url: string): Readonly<Record<string, number>> | undefined {
  if (/^amqps?:/.test(url)) return { heartbeatMs: leaseMs / 2 };
  if (url.startsWith("sqs:")) return { leaseMs, waitMs: 1_000 };
  return /^(memory|sqlite|rediss?):/.test(url) ? { leaseMs } : undefined;
}
