import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AnyDefinitionOptions, Definition, DefinitionOptions, VersionedOptions } from "./definition.ts";
import { define } from "./definition.ts";
import type { NewestOf, Versions } from "./versions.ts";

/** A named, versioned, schema-checked kind of event. Every group that subscribes gets a copy of each message. */
export type Topic<In, Out = In, Ordered extends boolean = boolean> = Definition<In, Out, Ordered> & {
  readonly kind: "topic";
};

/**
 * Defines a topic. It has no connection: define it once, in a module that publishers and subscribers share.
 * @throws TypeError for a name or an option that cannot be used
 */
export function topic<S extends StandardSchemaV1, const O extends boolean = false>(
  name: string,
  options: DefinitionOptions<S> & { readonly ordered?: O | undefined },
): Topic<StandardSchemaV1.InferInput<S>, StandardSchemaV1.InferOutput<S>, O>;
export function topic<const V extends Versions, const O extends boolean = false>(
  name: string,
  options: VersionedOptions<V> & { readonly ordered?: O | undefined },
): Topic<StandardSchemaV1.InferInput<NewestOf<V>>, StandardSchemaV1.InferOutput<NewestOf<V>>, O>;
export function topic(name: string, options: AnyDefinitionOptions): Topic<unknown> {
  return define("topic", name, options);
}
