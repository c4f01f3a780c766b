import type { AdapterContext } from "@waybill/core";
import type { Link } from "./link.ts";
import type { Lock } from "./lock.ts";
import type { Outbox } from "./outbox.ts";
import type { Routes } from "./routes.ts";
import type { Topology } from "./topology.ts";
import type { Settings } from "./url.ts";

/** What a transport lends its receivers. */
export interface Shared {
  readonly settings: Settings;
  readonly context: AdapterContext;
  readonly topology: Topology;
  readonly routes: Routes;
  readonly outbox: Outbox;
  readonly lock: Lock;
  /** The connection that consumes: a server that slows down publishers would hold up acks. */
  readonly consuming: Link;
}
