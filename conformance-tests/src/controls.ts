import type { Transport } from "@waybill/core";
import type { Broker, FaultProxy } from "@waybill/testing";

/**
 * What the suite may do to members of a group, to the broker and to the way there, beside talking to them; without it the cases that
 * need it are not owed. `processes` comes first where both are given.
 */
export interface Controls {
  /**
   * Members are processes, which are killed and stopped for real. `module` is what they import the adapter from, its export
   * `adapter`: the name of a package, as the running project sees it, or a file URL.
   */
  readonly processes?: { readonly module: string } | undefined;
  /** As SIGKILL would: the transport says nothing any more, its leases run out. */
  readonly crash?: ((transport: Transport) => void) | undefined;
  /** As SIGSTOP would: it renews no lease, until `thaw`. */
  readonly freeze?: ((transport: Transport) => void) | undefined;
  readonly thaw?: ((transport: Transport) => void) | undefined;
  /** A link of a case's own to the broker of this URL, that fails when it is told to: `(to) => faultProxy({ to })`. */
  readonly link?: ((to: string) => Promise<FaultProxy>) | undefined;
  /** A broker of a case's own, to be killed and started again on its data: `() => startBroker("redis")`. */
  readonly broker?: (() => Promise<Broker>) | undefined;
}
