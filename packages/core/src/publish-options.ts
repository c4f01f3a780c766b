import type { Duration } from "./duration.ts";
import type { Headers } from "./seam.ts";

interface Common {
  /** Default: a UUID. A given one makes publishing again recognisable to consumers that look for duplicates. */
  readonly id?: string | undefined;
  /** Any names and values but the reserved ones: `content-type`, `ce_…`, `waybill-…` (PUB-4). */
  readonly headers?: Headers | undefined;
  readonly correlationId?: string | undefined;
  /** How long after it was published it is still worth handling; what is handled by then no more is dropped and reported (TTL-1). */
  readonly expiresIn?: Duration | undefined;
  /** How long to try before giving up. Default the bus's `publishTimeout` (PUB-11). */
  readonly timeout?: Duration | undefined;
  readonly signal?: AbortSignal | undefined;
}

type When =
  | {
      /** Not delivered before this much time has passed (DLY-1). */
      readonly delay?: Duration | undefined;
      readonly deliverAt?: undefined;
    }
  | {
      readonly delay?: undefined;
      /** Not delivered before then: a Date or epoch ms (DLY-1). */
      readonly deliverAt?: Date | number | undefined;
    };

/** Order leaves no room for delay and priority, so an ordered topic takes neither. */
export type PublishOptions<Ordered extends boolean = false> = Common &
  (Ordered extends true
    ? { readonly delay?: undefined; readonly deliverAt?: undefined; readonly priority?: undefined }
    : When & {
        /** 0 (default, lowest) to the definition's `priorities` - 1 (PRI-1). */
        readonly priority?: number | undefined;
      });

/** The options that many messages share; an id is no such thing. */
export type ManyOptions<Ordered extends boolean = false> = PublishOptions<Ordered> & { readonly id?: undefined };

/** The options of any definition, as core reads them after the types have done their part. */
export interface AnyPublishOptions extends Common {
  readonly delay?: Duration | undefined;
  readonly deliverAt?: Date | number | undefined;
  readonly priority?: number | undefined;
  /** Of a request: the address of the receiver that waits for its reply. */
  readonly replyTo?: string | undefined;
}
