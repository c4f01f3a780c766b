import type { AdapterContext, Address } from "@waybill/core";
import type { Api } from "./api.ts";
import type { Outbox, Target } from "./outbox.ts";
import type { Pulse } from "./pulse.ts";
import type { Topology } from "./topology.ts";
import type { Settings } from "./url.ts";

/** What a transport lends its receivers and walks. */
export interface Shared {
  readonly settings: Settings;
  readonly context: AdapterContext;
  readonly api: Api;
  readonly topology: Topology;
  readonly outbox: Outbox;
  readonly pulse: Pulse;
  /** Where a message goes. @throws WaybillError */
  route(to: Address): Promise<Target>;
}
