import type { AdapterContext } from "@waybill/core";
import type { Calls } from "./calls.ts";
import type { Client } from "./client.ts";
import type { Outbox } from "./outbox.ts";
import type { Topology } from "./topology.ts";
import type { Settings } from "./url.ts";

/** What a transport lends its receivers. */
export interface Shared {
  readonly settings: Settings;
  readonly context: AdapterContext;
  readonly topology: Topology;
  readonly calls: Calls;
  readonly outbox: Outbox;
  readonly isCluster: boolean;
  /** Runs what may be done twice, with a bound. */
  ask<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** A connection for commands that block, on the keys of this one. */
  openBlocking(key: string): Promise<Client>;
  /** Ends what the connection with this id waits for, at the server of this key. */
  unblock(id: number, key: string): Promise<unknown>;
}
