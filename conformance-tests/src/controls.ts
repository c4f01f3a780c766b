import type { Transport } from "@waybill/core";

/**
 * What the suite may do to members of a group beside talking to them; without it the cases that need it are not owed. `processes`
 * comes first where both are given.
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
}
