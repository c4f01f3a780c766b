import { z } from "zod";
import { kindOf } from "./kind-of.ts";
import { nearest } from "./nearest.ts";

/** An object with these members and no other: an unknown one is a mistake of its own, beside all others. */
export function section<S extends z.core.$ZodShape>(shape: S): z.ZodObject<S> {
  const known = Object.keys(shape);
  const unknown = z.custom<never>(() => false, { error: ({ path }) => unknownName(String(path?.at(-1)), known) });
  return z.object(shape, give(`an object with ${known.join(", ")}`)).catchall(unknown) as unknown as z.ZodObject<S>;
}

/** The error of a schema: what sort of value is there, and what to give instead. */
export function give(wanted: string): { readonly error: (issue: { readonly input?: unknown }) => string } {
  return { error: ({ input }) => `is ${kindOf(input)}; give ${wanted}` };
}

/** What is said of a name that nobody knows. What all names begin with makes none of them near. */
export function unknownName(name: string, known: readonly string[], prefix = ""): string {
  const near = nearest(
    name.slice(prefix.length),
    known.map((other) => other.slice(prefix.length)),
  );
  return near === undefined
    ? `is unknown; known are ${known.join(", ")}`
    : `is unknown; did you mean "${prefix}${near}"?`;
}

/** A schema for one value among several sorts, so that its mistakes are named and not only that none fits. */
export function sorted<T>(schemaOf: (value: unknown) => z.ZodType<T>): z.ZodType<T> {
  return z.unknown().transform((value, context) => {
    const { data, error } = schemaOf(value).safeParse(value);
    for (const { path, message } of error?.issues ?? []) context.addIssue({ code: "custom", path, message });
    return error === undefined ? data : z.NEVER;
  });
}
