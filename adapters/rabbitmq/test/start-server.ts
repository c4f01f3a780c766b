import { type Broker, orSkip, type RabbitmqOptions, startBroker } from "@waybill/testing";

/** Starts a private RabbitMQ of this machine, of the tests' own making. */
export function startServer(options: RabbitmqOptions = {}): Promise<Broker> {
  return startBroker("rabbitmq", { sources: ["native"], ...options });
}

/** A server for a file's tests. Where there is none (never with CI=true) it is `missing`, and they are to be skipped. */
export async function withServer(): Promise<{
  readonly broker: Pick<Broker, "url" | "stop">;
  readonly missing: boolean;
}> {
  const broker = await orSkip(startServer());
  if (broker !== undefined) return { broker, missing: false };
  return { broker: { url: "amqp://127.0.0.1:1", stop: () => Promise.resolve() }, missing: true };
}

/** The URL with something else in it: a password, a port, a path. */
export function urlWith(url: string, changes: Partial<URL>): string {
  return Object.assign(new URL(url), changes).href;
}
