import type { AdapterContext } from "@waybill/core";
import type { Cluster } from "./cluster.ts";
import type { Driver, Session } from "./driver.ts";
import type { Outbox } from "./outbox.ts";
import type { Registry } from "./registry.ts";
import type { Router } from "./router.ts";
import type { Topology } from "./topology.ts";
import type { Settings } from "./url.ts";
import type { Watch } from "./watch.ts";

/** What a transport lends its receivers and walks. */
export interface Shared {
  readonly settings: Settings;
  readonly context: AdapterContext;
  readonly driver: Driver;
  /** For requests that are answered at once. */
  readonly session: Session;
  readonly cluster: Cluster;
  readonly registry: Registry;
  readonly router: Router;
  readonly outbox: Outbox;
  readonly topology: Topology;
  readonly watch: Watch;
}
