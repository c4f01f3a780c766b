import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AnyDefinitionOptions, Definition, DefinitionOptions, VersionedOptions } from "./definition.ts";
import { define } from "./definition.ts";
import type { NewestOf, Versions } from "./versions.ts";
import type { Duration } from "./duration.ts";

/** A named, versioned, schema-checked kind of event. Every group that subscribes gets a copy of each message. */
export type Topic<In, Out = In, Ordered extends boolean = boolean> = Definition<In, Out, Ordered> & {
  readonly kind: "topic";
};

interface Topical<O extends boolean> {
  readonly ordered?: O | undefined;
  /**
   * How long messages are kept for replay, also when every group has handled them: for groups that start `from` earlier, and for
   * `seek` (SUB-8). Layout: changing it needs a new name. Default: not at all.
   */
  readonly retain?: Duration | undefined;
}

/**
 * Defines a topic. It has no connection: define it once, in a module that publishers and subscribers share.
 * @throws TypeError for a name or an option that cannot be used
 */
export function topic<S extends StandardSchemaV1, const O extends boolean = false>(
  name: string,
  options: DefinitionOptions<S> & Topical<O>,
): Topic<StandardSchemaV1.InferInput<S>, StandardSchemaV1.InferOutput<S>, O>;
export function topic<const V extends Versions, const O extends boolean = false>(
  name: string,
  options: VersionedOptions<V> & Topical<O>,
): Topic<StandardSchemaV1.InferInput<NewestOf<V>>, StandardSchemaV1.InferOutput<NewestOf<V>>, O>;
export function topic(name: string, options: AnyDefinitionOptions): Topic<unknown> {
  return define("topic", name, options);
}
