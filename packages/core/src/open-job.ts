import type { AnyDefinition } from "./definition.ts";
import type { JobContext } from "./job.ts";
import { Job } from "./job.ts";
import { check, checkExpiry, read } from "./reader.ts";
import type { Delivery } from "./seam.ts";

/**
 * A delivery as its handler gets it; a promise of it only where the schema is asynchronous.
 * @throws Unreadable for what cannot be read or does not match (DLQ-3); Expired for what is past its time (TTL-1)
 */
export function openJob(definition: AnyDefinition, context: JobContext, delivery: Delivery): Job | Promise<Job> {
  const decoded = read(definition, delivery);
  if (decoded.expiresAt !== undefined) checkExpiry(decoded, context.clock.now());
  const data = check(definition, decoded);
  if (data instanceof Promise) return data.then((output) => new Job(context, delivery, decoded, output));
  return new Job(context, delivery, decoded, data);
}
