import type { StandardSchemaV1 } from "@standard-schema/spec";
import { wholeNumber } from "./duration.ts";

/** The schemas of all versions of one definition's data, by their numbers: consecutive, the last one is published. */
export type Versions = Readonly<Record<number, StandardSchemaV1>>;

/** The number after another one, up to 99: the compiler asks also for what it does not know yet, and has to come to an end. */
type After<N, Count extends readonly unknown[] = []> = Count["length"] extends N | 99
  ? [...Count, unknown]["length"]
  : After<N, [...Count, unknown]>;

/** Of consecutive numbers, the one that none comes after. */
type Highest<N> = number extends N ? never : HighestOf<N, N>;
type HighestOf<N, All> = N extends unknown ? (After<N> extends All ? never : N) : never;

type SchemaOf<V extends Versions, N> = N extends keyof V ? Extract<V[N], StandardSchemaV1> : never;

/** The schema of the newest version. */
export type NewestOf<V extends Versions> = SchemaOf<V, Highest<keyof V>>;

type Older<V extends Versions> = Exclude<keyof V, Highest<keyof V>>;

/** A function for each version but the newest, from what its schema gives out to what the next version's takes in. */
type Upcast<V extends Versions> = {
  readonly [N in Older<V>]: (
    old: StandardSchemaV1.InferOutput<SchemaOf<V, N>>,
  ) => Later<StandardSchemaV1.InferInput<SchemaOf<V, After<N>>>>;
};

type Later<T> = T | Promise<T>;

export type VersionedSchemas<V extends Versions> = {
  /** Each version's schema, such as `{ 1: v1, 2: v2 }`. The newest is published; data of the others is still read (VER-1). */
  readonly versions: V;
  readonly schema?: undefined;
  readonly version?: undefined;
} & ([Older<V>] extends [never]
  ? { readonly upcast?: undefined }
  : {
      /**
       * How data of each older version becomes the next one's: the handler gets the newest. A function that throws, or gives what
       * the next schema refuses, makes its message a dead letter of the reason `invalid` (VER-1).
       */
      readonly upcast: Upcast<V>;
    });

/** A version that is read but no longer published, and its data's way to the next. */
export interface OlderVersion {
  readonly version: number;
  readonly schema: StandardSchemaV1;
  readonly upcast: (old: unknown) => unknown;
}

export interface Schemas {
  /** The newest version's. */
  readonly schema: StandardSchemaV1;
  readonly version: number;
  /** Ascending, without a gap. */
  readonly older: readonly OlderVersion[];
}

/** What `define` is given about schemas, as it comes from code without types. */
export interface SchemaOptions {
  readonly schema?: StandardSchemaV1 | undefined;
  readonly version?: number | undefined;
  readonly versions?: Versions | undefined;
  readonly upcast?: Readonly<Record<string, unknown>> | undefined;
}

/** The one schema, or all versions of it, checked. @throws TypeError naming the version or option that cannot be used */
export function schemasOf(place: string, { schema, version, versions, upcast }: SchemaOptions): Schemas {
  if (versions === undefined) {
    if (upcast !== undefined) throw new TypeError(`${place}: upcast goes with versions`);
    return {
      schema: checkSchema(schema, `${place}: schema`),
      version: wholeNumber(version ?? 1, 1, `${place}: version`),
      older: [],
    };
  }
  if (schema !== undefined || version !== undefined) {
    throw new TypeError(`${place}: give versions, or schema and version, not both`);
  }
  const numbers = consecutive(place, Object.keys(versions));
  const newest = numbers.at(-1);
  if (newest === undefined) throw new TypeError(`${place}: versions is empty; give { 1: schema }`);
  const schemaOf = (at: number): StandardSchemaV1 => checkSchema(versions[at], `${place}: version ${at}`);
  const older = upcasters(place, numbers.slice(0, -1), upcast);
  return {
    schema: schemaOf(newest),
    version: newest,
    older: older.map(([at, step]) => ({ version: at, schema: schemaOf(at), upcast: step })),
  };
}

function checkSchema(schema: StandardSchemaV1 | undefined, what: string): StandardSchemaV1 {
  if (typeof schema?.["~standard"]?.validate === "function") return schema;
  throw new TypeError(`${what} is no Standard Schema; give one of zod, valibot, arktype or your own`);
}

function consecutive(place: string, keys: readonly string[]): readonly number[] {
  const numbers = keys.map((key) => {
    if (/^[1-9]\d?$/.test(key)) return Number(key);
    throw new TypeError(`${place}: version ${key}; give whole numbers from 1 to 99`);
  });
  numbers.forEach((at, index) => {
    const before = numbers[index - 1];
    if (before !== undefined && before !== at - 1) {
      throw new TypeError(`${place}: version ${before + 1} is missing between ${before} and ${at}`);
    }
  });
  return numbers;
}

function upcasters(
  place: string,
  numbers: readonly number[],
  upcast: SchemaOptions["upcast"] = {},
): readonly (readonly [number, OlderVersion["upcast"]])[] {
  const needless = Object.keys(upcast).find((key) => !numbers.includes(Number(key)));
  if (needless !== undefined)
    throw new TypeError(`${place}: upcast ${needless}, but there is no older version ${needless}`);
  return numbers.map((at) => {
    const step = upcast[at];
    if (typeof step === "function") return [at, step as OlderVersion["upcast"]];
    throw new TypeError(`${place}: version ${at} has no upcaster; give upcast: { ${at}: (old) => … }`);
  });
}
