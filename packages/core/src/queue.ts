import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AnyDefinitionOptions, Definition, DefinitionOptions, VersionedOptions } from "./definition.ts";
import { define } from "./definition.ts";
import type { NewestOf, Versions } from "./versions.ts";

/** A named kind of work with exactly one group of workers, kept from the first `send` on, before any worker ran (PUB-7). */
export type Queue<In, Out = In, Ordered extends boolean = boolean> = Definition<In, Out, Ordered> & {
  readonly kind: "queue";
};

/**
 * Defines a queue. It has no connection: define it once, in a module that senders and workers share.
 * @throws TypeError for a name or an option that cannot be used
 */
export function queue<S extends StandardSchemaV1, const O extends boolean = false>(
  name: string,
  options: DefinitionOptions<S> & { readonly ordered?: O | undefined },
): Queue<StandardSchemaV1.InferInput<S>, StandardSchemaV1.InferOutput<S>, O>;
export function queue<const V extends Versions, const O extends boolean = false>(
  name: string,
  options: VersionedOptions<V> & { readonly ordered?: O | undefined },
): Queue<StandardSchemaV1.InferInput<NewestOf<V>>, StandardSchemaV1.InferOutput<NewestOf<V>>, O>;
export function queue(name: string, options: AnyDefinitionOptions): Queue<unknown> {
  return define("queue", name, options);
}
