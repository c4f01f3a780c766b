import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Codec } from "./codec.ts";
import { json } from "./codec.ts";
import type { Decoder } from "./decoder.ts";
import type { Duration } from "./duration.ts";
import { milliseconds, wholeNumber } from "./duration.ts";
import { checkName } from "./names.ts";
import type { Shape } from "./seam.ts";
import type { NewestOf, OlderVersion, SchemaOptions, VersionedSchemas, Versions } from "./versions.ts";
import { schemasOf } from "./versions.ts";

/** What topics, queues and patterns have in common: a name, a layout (`shape`), and how data is checked and written. */
export interface Definition<In, Out, Ordered extends boolean = boolean> {
  readonly kind: "topic" | "queue" | "pattern";
  readonly name: string;
  readonly ordered: Ordered;
  readonly shape: Shape;
  readonly schema: StandardSchemaV1<In, Out>;
  readonly codec: Codec;
  readonly decoder?: Decoder | undefined;
  /** The version of the data that is published, CloudEvents' extension `dataversion`. */
  readonly version: number;
  /** The versions before it that are still read, ascending. */
  readonly older: readonly OlderVersion[];
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

/** How data is written, and messages of other producers are read. */
export interface FormatOptions {
  /** Default `json`. */
  readonly codec?: Codec | undefined;
  /** For messages of other producers (INT-1). On the definition, so that its dead letters are read in the same way. */
  readonly decoder?: Decoder | undefined;
}

export type DefinitionOptions<S extends StandardSchemaV1> = Layout<StandardSchemaV1.InferOutput<S>> &
  FormatOptions & {
    /** Any Standard Schema (zod, valibot, arktype, …). Checked at publish and at receipt; the handler gets its output. */
    readonly schema: S;
    /** The version of the data, from 1. Default 1. */
    readonly version?: number | undefined;
    readonly versions?: undefined;
    readonly upcast?: undefined;
  };

/** As `DefinitionOptions`, for data that has had several versions: one topic or queue for all of them (VER-1). */
export type VersionedOptions<V extends Versions> = Layout<StandardSchemaV1.InferOutput<NewestOf<V>>> &
  VersionedSchemas<V> &
  FormatOptions;

/** The options of any definition, as core reads them after the types have done their part. */
export type AnyDefinitionOptions = SchemaOptions &
  FormatOptions & {
    readonly key?: unknown;
    readonly ordered?: boolean | undefined;
    readonly priorities?: number | undefined;
    readonly retain?: Duration | undefined;
  };

/** A definition of the kind, its options checked. @throws TypeError naming the option that cannot be used */
export function define<K extends "topic" | "queue">(
  kind: K,
  name: string,
  options: AnyDefinitionOptions,
): AnyDefinition & { readonly kind: K } {
  const place = `${kind} ${JSON.stringify(name)}`;
  const { key, ordered = false, priorities = 1, codec = json, decoder, retain = 0 } = options;
  const schemas = schemasOf(place, options);
  if (decoder !== undefined && typeof decoder !== "function") throw new TypeError(`${place}: decoder is no function`);
  if (ordered && key === undefined) throw new TypeError(`${place}: ordered needs a key, a function of the data`);
  if (ordered && priorities !== 1) throw new TypeError(`${place}: ordered and priorities do not go together`);
  if (wholeNumber(priorities, 1, `${place}: priorities`) > 32) {
    throw new TypeError(`${place}: priorities is ${priorities}; give at most 32`);
  }
  const retainMs = milliseconds(retain, `${place}: retain`);
  if (retainMs === Infinity)
    throw new TypeError(`${place}: retain is Infinity; give the time after which a message may go`);
  return {
    kind,
    name: checkName(kind, name),
    ordered,
    shape: { kind, ordered, priorities, retainMs },
    ...schemas,
    codec,
    decoder,
    ...(key !== undefined && { key: key as (data: unknown) => string }),
  };
}
