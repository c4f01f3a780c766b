import { type Broker, type RabbitmqOptions, startBroker } from "@waybill/testing";

/** Starts a private RabbitMQ of this machine, of the tests' own making. */
export function startServer(options: RabbitmqOptions = {}): Promise<Broker> {
  return startBroker("rabbitmq", { sources: ["native"], ...options });
}

/** The URL with something else in it: a password, a port, a path. */
export function urlWith(url: string, changes: Partial<URL>): string {
  return Object.assign(new URL(url), changes).href;
}
