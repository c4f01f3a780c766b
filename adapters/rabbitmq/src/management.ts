import { once } from "node:events";
import { type IncomingMessage, request as plainly } from "node:http";
import { request as securely } from "node:https";
import { text } from "node:stream/consumers";
import { jsonIn, WaybillError } from "@waybill/core";
import type { ManagementSettings, Settings, TlsSettings } from "./url.ts";

/** How many messages a queue holds, as of up to ten seconds ago: so seldom it is counted. Undefined before it was for the first time. */
export interface QueueCounts {
  readonly ready: number | undefined;
  /** Delivered and not yet settled. */
  readonly unacked: number | undefined;
}

const mayNot = "the user may not look; give it the tag monitoring with rabbitmqctl set_user_tags";

type Asking = Pick<Settings, "vhost" | "tls" | "commandTimeoutMs">;

/** Asks the server's plugin of management for what AMQP does not tell. */
export class Management {
  readonly #at: ManagementSettings;
  readonly #settings: Asking;

  constructor(at: ManagementSettings, settings: Asking) {
    this.#at = at;
    this.#settings = settings;
  }

  /** Undefined where there is no such queue. Rejects with `PERMISSION` or `UNAVAILABLE`. */
  async countsOf(queue: string): Promise<QueueCounts | undefined> {
    const path = `/api/queues/${encodeURIComponent(this.#settings.vhost)}/${encodeURIComponent(queue)}`;
    const { status, body } = await this.#get(`${path}?columns=messages_ready,messages_unacknowledged`);
    if (status === 200) return countsIn(body);
    if (status === 404) return undefined;
    if (status === 401 || status === 403) throw this.#refusal("PERMISSION", mayNot);
    throw this.#refusal("UNAVAILABLE", `it has answered ${status}`);
  }

  async #get(path: string): Promise<{ readonly status: number | undefined; readonly body: string }> {
    const { url, user, password } = this.#at;
    const request = url.startsWith("https:") ? securely : plainly;
    const options = {
      ...trustOf(this.#settings.tls),
      agent: false,
      auth: `${user}:${password.reveal()}`,
      signal: AbortSignal.timeout(this.#settings.commandTimeoutMs),
    };
    try {
      const [response] = (await once(request(url + path, options).end(), "response")) as [IncomingMessage];
      return { status: response.statusCode, body: await text(response) };
    } catch (thrown) {
      throw this.#refusal("UNAVAILABLE", `it does not answer (${thrown instanceof Error ? thrown.message : "?"})`);
    }
  }

  #refusal(code: "PERMISSION" | "UNAVAILABLE", why: string): WaybillError {
    return new WaybillError(code, `rabbitmq: management at ${this.#at.url}: ${why}`);
  }
}

/** What the connection trusts is trusted here as well. */
function trustOf(tls: TlsSettings | undefined): object {
  const { ca, rejectUnauthorized } = tls ?? {};
  return { ...(ca !== undefined && { ca }), ...(rejectUnauthorized !== undefined && { rejectUnauthorized }) };
}

function countsIn(body: string): QueueCounts {
  const { messages_ready: ready, messages_unacknowledged: unacked } = Object(jsonIn(body)) as Readonly<
    Record<string, unknown>
  >;
  return { ready: numberIn(ready), unacked: numberIn(unacked) };
}

function numberIn(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
