import type { WaybillError } from "@waybill/core";
import { type Client, openClient } from "../src/client.ts";
import { type Settings, settingsOf } from "../src/url.ts";

export function settingsFor(url: string, options?: object): Settings {
  return settingsOf(new URL(url), { connectTimeoutMs: 2_000, ...options });
}

/** The URL with something else in it: a password, a port, a path. */
export function urlWith(url: string, changes: Partial<URL>): string {
  return Object.assign(new URL(url), changes).href;
}

export interface Opened extends AsyncDisposable {
  readonly client: Client;
  /** Every loss that was told. */
  readonly losses: readonly WaybillError[];
  /** Resolves with the first of them. */
  readonly lost: Promise<WaybillError>;
}

export async function opened(settings: Settings): Promise<Opened> {
  const losses: WaybillError[] = [];
  const { promise: lost, resolve } = Promise.withResolvers<WaybillError>();
  const onLost = (error: WaybillError): void => {
    losses.push(error);
    resolve(error);
  };
  const client = await openClient(settings, { onLost });
  return { client, losses, lost, [Symbol.asyncDispose]: () => client.close() };
}

/** What opening such a client rejects with. */
export async function refusalOf(settings: Settings): Promise<unknown> {
  try {
    await using connection = await opened(settings);
    return connection.client;
  } catch (error) {
    return error;
  }
}
