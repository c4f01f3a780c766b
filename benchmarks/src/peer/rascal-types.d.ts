/** What is used of rascal, which brings no types of its own. */
declare module "rascal" {
  import type { EventEmitter } from "node:events";

  /** Emits `error`, as the two below do. */
  export interface BrokerAsPromised extends EventEmitter {
    /** What it resolves to emits `success` once the message is confirmed. */
    publish(publication: string, message: unknown): Promise<EventEmitter>;
    /** What it resolves to emits `message`, with the message, its content and a function that acknowledges it. */
    subscribe(subscription: string): Promise<SubscriberSession>;
    shutdown(): Promise<void>;
  }
  export interface SubscriberSession extends EventEmitter {
    cancel(): Promise<void>;
  }
  export type AckOrNack = (error?: Error) => void;
  const rascal: { readonly BrokerAsPromised: { create(config: object): Promise<BrokerAsPromised> } };
  export default rascal;
}
