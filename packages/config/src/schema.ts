import type { ConnectOptions, Delay, Duration } from "@waybill/core";
import { carrierUrl, checkName, exponential, ladder, milliseconds } from "@waybill/core";
import { z } from "zod";
import { give, section, sorted } from "./section.ts";

/** What a file or the environment says, checked, as `connect` takes it. */
export type Settings = Pick<
  ConnectOptions,
  "namespace" | "source" | "topology" | "publishTimeout" | "maxBufferedBytes" | "sections" | "consumers"
> & { readonly url?: string | undefined };

const duration = z.custom<Duration>(
  (value) => succeeds(() => milliseconds(value as Duration, "")),
  give(`a number of ms, or a string such as "250ms", "5s", "5m"`),
);
const bound = z.custom<Duration>(
  (value) => succeeds(() => milliseconds(value as Duration, "")) && milliseconds(value as Duration, "") > 0,
  give(`a time above 0: a number of ms, or a string such as "250ms", "5s", "5m"`),
);
const count = z.int(give("a whole number of at least 1")).min(1, give("a whole number of at least 1"));

const growing = section({
  exponential: duration,
  max: duration.optional(),
  factor: z.number(give("a number of at least 1")).min(1, give("a number of at least 1")).optional(),
  jitter: z
    .number(give("a number from 0 to 1"))
    .min(0, give("a number from 0 to 1"))
    .max(1, give("a number from 0 to 1"))
    .optional(),
}).transform(({ exponential: first, ...options }): Delay => exponential(first, options));

const steps = section({
  ladder: z.array(duration, give("an array of times")).min(1, give("an array of at least one time")),
}).transform((delay): Delay => ladder(...delay.ladder));

const delay = sorted<Delay | Duration>((value) => {
  if (typeof value === "function") return z.custom<Delay>();
  if (typeof value !== "object" || value === null || Array.isArray(value)) return duration;
  return "ladder" in value ? steps : growing;
});

const consumer = section({
  concurrency: count.optional(),
  retry: section({ maxAttempts: count.optional(), delay: delay.optional() }).optional(),
  timeout: bound.optional(),
  delivery: z.enum(["at-least-once", "at-most-once"], give(`"at-least-once" or "at-most-once"`)).optional(),
  maxHeldBytes: count.optional(),
  newer: z.enum(["dead-letter", "wait"], give(`"dead-letter" or "wait"`)).optional(),
});

/** What does not come in sections; the environment may say it too. */
export const plain: {
  readonly url: z.ZodType<string>;
  readonly namespace: z.ZodType<string>;
  readonly source: z.ZodType<string>;
  readonly topology: z.ZodType<"create" | "verify">;
  readonly publishTimeout: z.ZodType<Duration>;
  readonly maxBufferedBytes: z.ZodType<number>;
} = {
  url: z.custom<string>(
    (value) => typeof value === "string" && carrierUrl(value) !== undefined,
    give(`a URL such as "memory:" or "sqlite:./waybill.db"`),
  ),
  namespace: name("namespace"),
  source: name("source"),
  topology: z.enum(["create", "verify"], give(`"create" or "verify"`)),
  publishTimeout: duration,
  maxBufferedBytes: count,
};

/** The content of a configuration file. */
export const fileSchema: z.ZodType<Settings> = section({
  ...z.object(plain).partial().shape,
  adapters: z
    .record(
      z.string(),
      z.record(z.string(), z.unknown(), give("an object")),
      give("an object with a section by adapter"),
    )
    .optional(),
  consumers: z.record(z.string(), consumer, give(`an object with a section by "topic/group" or queue`)).optional(),
}).transform(({ adapters: sections, ...settings }) => ({ ...settings, sections }));

function name(what: "namespace" | "source"): z.ZodType<string> {
  return z.custom<string>(
    (value) => succeeds(() => checkName(what, value as string)),
    give("a name: up to 255 bytes in segments between dots, none of them empty or a wildcard"),
  );
}

function succeeds(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}
