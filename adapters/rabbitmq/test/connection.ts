import { type Clock, systemClock, type WaybillError } from "@waybill/core";
import type { Connection } from "../src/connection.ts";
import { openConnection } from "../src/open.ts";
import { type Settings, settingsOf } from "../src/url.ts";

export function settingsFor(url: string, options?: object): Settings {
  return settingsOf(new URL(url), options);
}

export interface Opened extends AsyncDisposable {
  readonly connection: Connection;
  /** Every loss that was told. */
  readonly losses: readonly WaybillError[];
  /** Resolves with the first of them. */
  readonly lost: Promise<WaybillError>;
  /** Every word on alarms; undefined is their end. */
  readonly alarms: readonly (string | undefined)[];
  readonly tokenFailures: readonly WaybillError[];
}

interface Chances {
  readonly random?: () => number;
  readonly clock?: Clock;
}

export async function opened(
  settings: Settings,
  { random = () => 0, clock = systemClock }: Chances = {},
): Promise<Opened> {
  const losses: WaybillError[] = [];
  const alarms: (string | undefined)[] = [];
  const tokenFailures: WaybillError[] = [];
  const { promise: lost, resolve } = Promise.withResolvers<WaybillError>();
  const events = {
    onLost(error: WaybillError) {
      losses.push(error);
      resolve(error);
    },
    onBlocked: (reason: string | undefined) => void alarms.push(reason),
    onTokenFailed: (error: WaybillError) => void tokenFailures.push(error),
  };
  const connection = await openConnection(settings, { role: "test", clock, random, events });
  return { connection, losses, lost, alarms, tokenFailures, [Symbol.asyncDispose]: () => connection.close() };
}

/** What opening such a connection rejects with. */
export async function refusalOf(settings: Settings): Promise<unknown> {
  try {
    await using it = await opened(settings);
    return it.connection;
  } catch (error) {
    return error;
  }
}
