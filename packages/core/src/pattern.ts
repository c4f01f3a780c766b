import type { StandardSchemaV1 } from "@standard-schema/spec";
import { json } from "./codec.ts";
import type { Definition, FormatOptions } from "./definition.ts";
import { checkPattern } from "./names.ts";

/** What a group takes from every topic whose name fits: `order.*`, `order.#`, `#`. Nothing is published to it. */
export type Pattern<Out = unknown, Ordered extends boolean = boolean> = Definition<unknown, Out, Ordered> & {
  readonly kind: "pattern";
};

export interface PatternOptions<S extends StandardSchemaV1> extends FormatOptions {
  /** What the data of all its topics matches. Without one the handler gets unknown data, of any version. */
  readonly schema?: S | undefined;
  /** Messages of one key are handled one after the other, whichever topic they come from (ORD-1). */
  readonly ordered?: boolean | undefined;
}

const anything: StandardSchemaV1 = {
  "~standard": { version: 1, vendor: "waybill", validate: (value) => ({ value }) },
};

/**
 * Defines a pattern of topic names: segments between dots, of which `*` stands for exactly one and `#` for any number. A group
 * that subscribes to it gets the messages of topics made before and after it, from their first one on (SUB-4); `message.type`
 * is the topic's name.
 * @throws TypeError for a pattern that cannot be
 */
export function pattern<S extends StandardSchemaV1 = StandardSchemaV1<unknown, unknown>>(
  name: string,
  { schema, codec = json, decoder, ordered = false }: PatternOptions<S> = {},
): Pattern<StandardSchemaV1.InferOutput<S>> {
  return {
    kind: "pattern",
    name: checkPattern(name),
    ordered,
    shape: { kind: "pattern", ordered, priorities: 1, retainMs: 0 },
    schema: (schema ?? anything) as StandardSchemaV1<unknown, StandardSchemaV1.InferOutput<S>>,
    codec,
    decoder,
    version: 1,
    older: [],
  };
}
