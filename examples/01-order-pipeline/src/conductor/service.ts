import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import type { Bus } from "@waybill/core";
import { connect } from "@waybill/core";
import { startBilling } from "../billing.ts";
import { startEmail } from "../email.ts";
import { publishOrders } from "../orders.ts";
import { Payments } from "../payments.ts";
import { readOrders } from "../read-orders.ts";
import type { Reporter } from "./reporter.ts";
import { reporting } from "./reporting.ts";
import { startShipping } from "../shipping.ts";

/** Where the services meet. */
export interface Place {
  readonly url: string;
  /** Fresh in each run, so that nothing of an earlier one disturbs. */
  readonly namespace: string;
  /** The adapter's own settings. */
  readonly options: Readonly<Record<string, unknown>> | undefined;
}

/** What a service is started with. */
export type Task =
  | { readonly role: "orders"; readonly name: string; readonly place: Place; readonly input: string }
  | { readonly role: "billing"; readonly name: string; readonly place: Place; readonly mended: boolean }
  | { readonly role: "shipping" | "email"; readonly name: string; readonly place: Place };

export interface Service {
  /** Resolves when the service has ended by itself, as only `orders` does; rejects when it has failed. */
  readonly ended: Promise<void>;
  /** Takes nothing more, finishes what it has, and disconnects. */
  close(): Promise<void>;
}

/** Connects a service to the broker. Resolves when it is ready; rejects with what `connect` and `subscribe` reject with. */
export async function startService(task: Task, reporter: Reporter): Promise<Service> {
  const { url, namespace, options } = task.place;
  const bus = await connect(url, { source: task.role, namespace, options });
  try {
    if (task.role === "orders") return publisher(bus, openInput(task.input), reporter);
    bus.use(reporting(task.role, reporter));
    await subscribe(bus, task);
    return { ended: new Promise(() => undefined), close: () => bus.close() };
  } catch (error) {
    await bus.close();
    throw error;
  }
}

async function subscribe(bus: Bus, task: Exclude<Task, { readonly role: "orders" }>): Promise<void> {
  if (task.role === "billing") await startBilling(bus, new Payments(task));
  else if (task.role === "shipping") await startShipping(bus);
  else await startEmail(bus);
}

function publisher(bus: Bus, input: Readable, reporter: Reporter): Service {
  const orders = readOrders(input, (malformed) => void reporter.tell({ kind: "malformed", ...malformed }));
  const published = publishOrders(bus, orders, {
    published: ({ orderId, customerId }, position) =>
      void reporter.tell({ kind: "published", orderId, customerId, position }),
    refused: ({ orderId }, error) => void reporter.tell({ kind: "refused", orderId, error: String(error) }),
  });
  const close = async (): Promise<void> => {
    input.destroy();
    await bus.close();
  };
  return { ended: published.then(close).then(() => reporter.tell({ kind: "all-published" })), close };
}

/** The file, or standard input for `-`. */
function openInput(input: string): Readable {
  return input === "-" ? process.stdin : createReadStream(input);
}
