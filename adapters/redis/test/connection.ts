import type { WaybillError } from "@waybill/core";
import { type Client, openClient } from "../src/client.ts";
import { type Settings, settingsOf } from "../src/url.ts";

export function settingsFor(address: string, options?: object): Settings {
  return settingsOf(new URL(`redis://${address}`), { connectTimeoutMs: 1_000, ...options });
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
