import type { Client } from "./client.ts";
import { confirmed } from "./confirmation.ts";
import { tagOf } from "./names.ts";
import type { Confirmed } from "./url.ts";

export interface ConfirmationsOptions {
  readonly asked: Confirmed;
  readonly timeoutMs: number;
  /** The servers of a cluster are asked each by itself. */
  readonly isCluster: boolean;
}

interface Wait {
  /** Not sent yet: it covers whatever is answered until then. */
  isOpen: boolean;
  readonly done: Promise<void>;
}

/**
 * One wait for all that was answered while the last one was under way: a wait holds up all of its connection, and leases would run
 * out behind one for each batch (ACK-3).
 */
export class Confirmations {
  readonly #options: ConfirmationsOptions;
  readonly #last = new WeakMap<Client, Map<string, Wait>>();

  constructor(options: ConfirmationsOptions) {
    this.#options = options;
  }

  /** As `confirmed`, for what the server of `key` has answered this client. */
  async confirm(client: Client, key: string): Promise<void> {
    const waits = this.#last.get(client) ?? new Map<string, Wait>();
    this.#last.set(client, waits);
    const server = this.#options.isCluster ? tagOf(key) : "";
    const last = waits.get(server);
    if (last?.isOpen === true) return last.done;
    const wait: Wait = { isOpen: true, done: this.#behind(last, () => this.#send(wait, client, key)) };
    waits.set(server, wait);
    await wait.done.finally(() => waits.get(server) === wait && waits.delete(server));
  }

  async #behind(last: Wait | undefined, send: () => Promise<void>): Promise<void> {
    await last?.done.catch(() => undefined);
    await send();
  }

  #send(wait: Wait, client: Client, key: string): Promise<void> {
    wait.isOpen = false;
    const { asked, timeoutMs } = this.#options;
    return confirmed(client, asked, key, timeoutMs);
  }
}
