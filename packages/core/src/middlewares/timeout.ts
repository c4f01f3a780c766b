import type { Duration } from "../duration.ts";
import { milliseconds } from "../duration.ts";
import type { Middleware } from "../middleware.ts";

/**
 * Bounds every handling of a bus: past it the handler's signal fires and the attempt has failed with `TIMEOUT` (ACK-5). A
 * subscription's own `timeout` holds as well; the shorter one wins.
 * @throws TypeError for a duration that is 0, `Infinity` or none
 */
export function timeout(after: Duration): Middleware {
  const ms = milliseconds(after, "timeout");
  if (ms === 0 || ms === Infinity) throw new TypeError(`timeout is ${ms}; leave the middleware out for none`);
  return {
    name: "timeout",
    handle: (next) => (message) => {
      message.limit(ms);
      return next(message);
    },
  };
}
