import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Codec } from "./codec.ts";
import { json } from "./codec.ts";
import { wholeNumber } from "./duration.ts";
import { checkName } from "./names.ts";
import type { Shape } from "./seam.ts";

/** What topics, queues and patterns have in common: a name, a layout (`shape`), and how data is checked and written. */
export interface Definition<In, Out, Ordered extends boolean = boolean> {
  readonly kind: "topic" | "queue" | "pattern";
  readonly name: string;
  readonly ordered: Ordered;
  readonly shape: Shape;
  readonly schema: StandardSchemaV1<In, Out>;
  readonly codec: Codec;
  /** The version of the data, CloudEvents' extension `dataversion`. */
  readonly version: number;
  /** A method, so that a definition of any data can stand where one of unknown data is asked for. */
  key?(data: Out): string;
}

/** What can be published to. */
export type Publishable<In, Ordered extends boolean = boolean> = Definition<In, unknown, Ordered> & {
  readonly kind: "topic" | "queue";
};

/** A definition of any data, as core handles it. */
export type AnyDefinition = Definition<unknown, unknown>;

export type Layout<Out> =
  | {
      /** What belongs together: messages of one key are stored in the order they were published (PUB-8). */
      readonly key?: ((data: Out) => string) | undefined;
      readonly ordered?: false | undefined;
      /** The number of priority levels, 1 (none) to 32. Layout: changing it needs a new name. Default 1. */
      readonly priorities?: number | undefined;
    }
  | {
      readonly key: (data: Out) => string;
      /** Messages of one key are handled one after the other, in publish order (ORD-1). */
      readonly ordered: true;
      readonly priorities?: undefined;
    };

export type DefinitionOptions<S extends StandardSchemaV1> = Layout<StandardSchemaV1.InferOutput<S>> & {
  /** Any Standard Schema (zod, valibot, arktype, …). Checked at publish and at receipt; the handler gets its output. */
  readonly schema: S;
  /** The version of the data, from 1. Default 1. */
  readonly version?: number | undefined;
  /** Default `json`. */
  readonly codec?: Codec | undefined;
};

/** A definition of the kind, its options checked. @throws TypeError naming the option that cannot be used */
export function define<K extends "topic" | "queue", S extends StandardSchemaV1, O extends boolean>(
  kind: K,
  name: string,
  options: DefinitionOptions<S>,
): Definition<StandardSchemaV1.InferInput<S>, StandardSchemaV1.InferOutput<S>, O> & { readonly kind: K } {
  const place = `${kind} ${JSON.stringify(name)}`;
  const { schema, key, ordered = false, priorities = 1, codec = json, version = 1 } = options;
  if (typeof schema?.["~standard"]?.validate !== "function") {
    throw new TypeError(`${place}: schema is no Standard Schema; give one of zod, valibot, arktype or your own`);
  }
  if (ordered && key === undefined) throw new TypeError(`${place}: ordered needs a key, a function of the data`);
  if (ordered && priorities !== 1) throw new TypeError(`${place}: ordered and priorities do not go together`);
  if (wholeNumber(priorities, 1, `${place}: priorities`) > 32) {
    throw new TypeError(`${place}: priorities is ${priorities}; give at most 32`);
  }
  return {
    kind,
    name: checkName(kind, name),
    ordered: ordered as O,
    shape: { kind, ordered, priorities, retainMs: 0 },
    schema,
    codec,
    version: wholeNumber(version, 1, `${place}: version`),
    ...(key && { key }),
  } as Definition<StandardSchemaV1.InferInput<S>, StandardSchemaV1.InferOutput<S>, O> & { readonly kind: K };
}
