/** What a store says to who wants to handle a message. */
export type Claim =
  /** It is his until the lease ends. */
  | "claimed"
  /** Another has it, for so many ms at least unless he is done earlier. */
  | { readonly state: "busy"; readonly leftMs: number }
  /** It was handled; what was recorded then. */
  | { readonly state: "done"; readonly record: Uint8Array | undefined };

/**
 * Where `idempotency` keeps who handles a message and which were handled. All that answer for one group share one store. Every
 * method is one atomic step; one that rejects has done nothing. A store that needs no I/O answers without a promise.
 */
export interface IdempotencyStore {
  /** Claims `key` for `owner`, a name used once, unless it is recorded or another's lease on it lasts (IDM-1). */
  claim(key: string, owner: string, leaseMs: number): Claim | Promise<Claim>;
  /** Makes the owner's lease last `leaseMs` from now; false where the claim is not his any more. */
  renew(key: string, owner: string, leaseMs: number): boolean | Promise<boolean>;
  /** Records `key` as handled, for `retentionMs`, in place of the claim; false, and nothing done, where that is not his any more. */
  complete(key: string, owner: string, record: Uint8Array | undefined, retentionMs: number): boolean | Promise<boolean>;
  /** Ends the claim if it is the owner's (IDM-2). */
  release(key: string, owner: string): void | Promise<void>;
}
