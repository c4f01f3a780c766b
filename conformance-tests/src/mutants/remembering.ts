import type { IdempotencyStore } from "@waybill/core";
import type { Mutant } from "../mutant.ts";

/** What goes wrong with a store of claims and records; the adapter is as it should be. */
export const rememberingMutants: readonly Mutant[] = [
  {
    name: "claims-for-all",
    caughtBy: ["IDM-1"],
    ...storing(() => ({ claim: () => "claimed", complete: () => true })),
  },
  {
    name: "forgets-records",
    caughtBy: ["IDM-1", "IDM-1/after"],
    ...storing((store) => ({ complete: async (key, owner) => (await store.release(key, owner), true) })),
  },
  {
    name: "mixes-groups-up",
    caughtBy: ["IDM-1/groups"],
    ...storing((store) => ({ claim: (key, ...rest) => store.claim(key.split("\n").at(-1) ?? "", ...rest) })),
  },
  {
    name: "keeps-failed-claims",
    caughtBy: ["IDM-2"],
    ...storing(() => ({ release: () => undefined })),
  },
  {
    name: "never-ends-a-lease",
    caughtBy: ["IDM-2/lease"],
    ...storing((store) => lasting(store, 3_600_000)),
  },
  {
    name: "ends-leases-early",
    caughtBy: ["IDM-2/lease"],
    ...storing((store) => lasting(store, 1)),
  },
];

/** Claims that last so long, whatever was asked for; also from a renewal on, which may come before the member is gone. */
function lasting(store: IdempotencyStore, ms: number): Partial<IdempotencyStore> {
  return {
    claim: (key, owner) => store.claim(key, owner, ms),
    renew: (key, owner) => store.renew(key, owner, ms),
  };
}

function storing(
  broken: (store: IdempotencyStore) => Partial<IdempotencyStore>,
): Pick<Mutant, "mutate" | "mutateStore"> {
  return {
    mutate: (adapter) => adapter,
    mutateStore: (store) => ({
      claim: (...all) => store.claim(...all),
      renew: (...all) => store.renew(...all),
      complete: (...all) => store.complete(...all),
      release: (...all) => store.release(...all),
      ...broken(store),
    }),
  };
}
